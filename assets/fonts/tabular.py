"""Bakes Inter's tabular figures into the default glyphs and keeps what the lab can show."""
import sys
from fontTools.ttLib import TTFont
from fontTools import subset

source, target, name = sys.argv[1:4]
font = TTFont(source)
gsub = font["GSUB"].table
lookups = {i for record in gsub.FeatureList.FeatureRecord if record.FeatureTag == "tnum"
           for i in record.Feature.LookupListIndex}
swap = {}
for i in lookups:
    for sub in gsub.LookupList.Lookup[i].SubTable:
        swap.update(getattr(getattr(sub, "ExtSubTable", sub), "mapping", {}))
for table in font["cmap"].tables:
    if table.isUnicode():
        for code, glyph in table.cmap.items():
            if chr(code) in "0123456789.,:+-−–%/()= ":
                table.cmap[code] = swap.get(glyph, glyph)
options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14],
                         hinting=True, notdef_outline=True, desubroutinize=False)
keep = set(range(0x20, 0x250)) | set(range(0x370, 0x400)) | set(range(0x1E00, 0x2000)) | set(range(0x2000, 0x2100)) \
    | set(range(0x2100, 0x22FF)) | set(range(0x2300, 0x2400)) | set(range(0x25A0, 0x2800)) | set(range(0x2190, 0x2200))
cutter = subset.Subsetter(options)
cutter.populate(unicodes=keep & set(font.getBestCmap()))
cutter.subset(font)
for record in font["name"].names:
    if record.nameID in (1, 3, 4, 6, 16):
        text = name.replace(" ", "") if record.nameID == 6 else name
        record.string = text
font.save(target)
