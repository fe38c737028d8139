"""Keeps of STIX Math what the labels of figures need, so that an SVG or PDF can hold the whole face."""
import sys
from fontTools.ttLib import TTFont
from fontTools import subset

source, target, name = sys.argv[1:4]
font = TTFont(source)
keep = set(range(0x20, 0x7F)) | set(range(0x391, 0x3F6)) | set(range(0x1D434, 0x1D468)) | set(range(0x1D6E2, 0x1D71C)) \
    | {ord(sign) for sign in "ℎ·×±−∼≈≠≤≥∈∇∂∫∑√∞→←‖|′…–"}
options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14], hinting=False,
                         notdef_outline=True, desubroutinize=True, drop_tables=["MATH", "GPOS", "GSUB", "GDEF", "FFTM"])
cutter = subset.Subsetter(options)
cutter.populate(unicodes=keep & set(font.getBestCmap()))
cutter.subset(font)
for record in font["name"].names:
    if record.nameID in (1, 3, 4, 6, 16):
        record.string = name.replace(" ", "") if record.nameID == 6 else name
font.save(target)
