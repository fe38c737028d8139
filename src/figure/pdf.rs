//! PDF: text in the shipped faces, which can be searched and copied.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use pdf_writer::types::{
    CidFontType, FontFlags, LineCapStyle, LineJoinStyle, SystemInfo, UnicodeCmap,
};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use skrifa::instance::{LocationRef, Size};
use skrifa::{GlyphId, MetadataProvider};

use super::meta::Meta;
use super::page::{Anchor, Area, Ink, MOST_VECTOR_DOTS, Page, Picture, Shape};
use super::raster::{self, DASHES};
use super::style::Style;
use super::text::{Face, Text};

/// Units of a face in the size of its type, as PDF counts them.
const UNITS: f32 = 1000.0;

/// The page as a PDF of one page.
pub fn encode(page: &Page, style: &Style, meta: &Meta, title: &str) -> Vec<u8> {
    let mut sheet = Sheet {
        pdf: Pdf::new(),
        next: 1,
        content: Content::new(),
        height: page.height as f32,
        glyphs: BTreeMap::new(),
        opacities: BTreeSet::new(),
        images: Vec::new(),
    };
    sheet.pdf.set_version(1, 6);
    let [catalog, tree, leaf, info] = [(); 4].map(|()| sheet.id());
    sheet.draw(page, style);
    sheet.pdf.catalog(catalog).pages(tree);
    sheet.pdf.pages(tree).kids([leaf]).count(1);
    let mut about = sheet.pdf.document_info(info);
    about.title(TextStr(title));
    about.creator(TextStr(&format!("Flow Lab {}", meta.version)));
    about.pair(Name(Meta::KEY.as_bytes()), Str(meta.json().as_bytes()));
    about.finish();
    sheet.finish(page, tree, leaf)
}

struct Sheet {
    pdf: Pdf,
    next: i32,
    content: Content,
    height: f32,
    /// The glyphs used of each face, with their characters.
    glyphs: BTreeMap<Face, BTreeMap<u16, char>>,
    /// Opacities in thousandths.
    opacities: BTreeSet<u16>,
    images: Vec<Ref>,
}

impl Sheet {
    fn id(&mut self) -> Ref {
        self.next += 1;
        Ref::new(self.next - 1)
    }

    fn draw(&mut self, page: &Page, style: &Style) {
        if let Some(colour) = page.paper {
            self.fill(Ink { colour, alpha: 1.0 });
            let (w, h) = (page.width as f32, page.height as f32);
            self.content.rect(0.0, 0.0, w, h).fill_nonzero();
        }
        let as_pixels = page.dots() > MOST_VECTOR_DOTS;
        for shape in &page.shapes {
            match shape {
                Shape::Dots {
                    at,
                    radius,
                    ink,
                    area,
                } if as_pixels => {
                    let scale = (style.dpi / 72.0) as f32;
                    let picture = raster::dots_picture(at, *radius, *ink, *area, scale);
                    self.image(*area, &picture);
                }
                shape => self.shape(shape),
            }
        }
    }

    fn opacity(&mut self, ink: Ink) {
        let thousandths = (1000.0 * ink.alpha).round() as u16;
        self.opacities.insert(thousandths);
        let name = format!("a{thousandths}");
        self.content.set_parameters(Name(name.as_bytes()));
    }

    fn fill(&mut self, ink: Ink) {
        self.opacity(ink);
        let [r, g, b] = ink.colour.map(|c| f32::from(c) / 255.0);
        self.content.set_fill_rgb(r, g, b);
    }

    fn stroke(&mut self, ink: Ink, width: f32) {
        self.opacity(ink);
        let [r, g, b] = ink.colour.map(|c| f32::from(c) / 255.0);
        self.content.set_stroke_rgb(r, g, b).set_line_width(width);
    }

    fn polyline(&mut self, points: &[[f32; 2]]) {
        for (i, [x, y]) in points.iter().enumerate() {
            let (x, y) = (round(*x), round(self.height - y));
            if i == 0 {
                self.content.move_to(x, y);
            } else {
                self.content.line_to(x, y);
            }
        }
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { area, ink } => {
                self.fill(*ink);
                let bottom = self.height - area.y - area.h;
                self.content
                    .rect(area.x, bottom, area.w, area.h)
                    .fill_nonzero();
            }
            Shape::Line {
                points,
                width,
                ink,
                dashed,
            } => {
                self.stroke(*ink, *width);
                let (cap, dash) = match dashed {
                    true => (LineCapStyle::ButtCap, DASHES.map(|d| d * width).to_vec()),
                    false => (LineCapStyle::RoundCap, Vec::new()),
                };
                self.content.set_line_cap(cap).set_dash_pattern(dash, 0.0);
                self.content.set_line_join(LineJoinStyle::RoundJoin);
                self.polyline(points);
                self.content.stroke();
            }
            Shape::Polygon { points, ink } => {
                self.fill(*ink);
                self.polyline(points);
                self.content.close_path().fill_nonzero();
            }
            Shape::Dots {
                at, radius, ink, ..
            } => {
                // A line without length and with round ends is a disc.
                self.stroke(*ink, 2.0 * radius);
                self.content.set_line_cap(LineCapStyle::RoundCap);
                self.content.set_dash_pattern([], 0.0);
                for [x, y] in at.iter().filter(|p| p.iter().all(|v| v.is_finite())) {
                    let (x, y) = (round(*x), round(self.height - y));
                    self.content.move_to(x, y).line_to(x, y).stroke();
                }
            }
            Shape::Image { area, picture } => self.image(*area, picture),
            Shape::Label {
                at,
                anchor,
                upwards,
                size,
                ink,
                text,
            } => self.label(*at, *anchor, *upwards, *size, *ink, text),
        }
    }

    fn label(
        &mut self,
        at: [f32; 2],
        anchor: Anchor,
        upwards: bool,
        size: f32,
        ink: Ink,
        text: &Text,
    ) {
        self.fill(ink);
        let (glyphs, width) = text.set(size);
        let start = raster::offset(width, anchor);
        self.content.begin_text();
        for glyph in glyphs {
            let id = glyph.id.to_u32() as u16;
            let used = self.glyphs.entry(glyph.face).or_default();
            used.entry(id).or_insert(glyph.sign);
            let name = format!("f{}", glyph.face as usize);
            self.content.set_font(Name(name.as_bytes()), glyph.size);
            let (along, rise) = (start + glyph.x, glyph.rise);
            let (x, y) = (at[0], self.height - at[1]);
            let matrix = match upwards {
                true => [0.0, 1.0, -1.0, 0.0, x - rise, y + along],
                false => [1.0, 0.0, 0.0, 1.0, x + along, y + rise],
            };
            self.content.set_text_matrix(matrix.map(round));
            self.content.show(Str(&id.to_be_bytes()));
        }
        self.content.end_text();
    }

    fn image(&mut self, area: Area, picture: &Picture) {
        let [colours, opacity] = [(); 2].map(|()| self.id());
        let pixels = picture.rgba.as_chunks::<4>().0;
        let rgb: Vec<u8> = pixels
            .iter()
            .flat_map(|[r, g, b, _]| [*r, *g, *b])
            .collect();
        let alpha: Vec<u8> = pixels.iter().map(|p| p[3]).collect();
        let size = (picture.width as i32, picture.height as i32);
        let [rgb, alpha] = [rgb, alpha].map(|bytes| deflate(&bytes));
        let mut image = self.pdf.image_xobject(colours, &rgb);
        image.filter(Filter::FlateDecode);
        image.width(size.0).height(size.1);
        image.color_space().device_rgb();
        image.bits_per_component(8).s_mask(opacity);
        image.finish();
        let mut mask = self.pdf.image_xobject(opacity, &alpha);
        mask.filter(Filter::FlateDecode);
        mask.width(size.0).height(size.1);
        mask.color_space().device_gray();
        mask.bits_per_component(8);
        mask.finish();
        let name = format!("i{}", self.images.len());
        self.images.push(colours);
        self.opacity(Ink {
            colour: [0; 3],
            alpha: 1.0,
        });
        let bottom = self.height - area.y - area.h;
        self.content.save_state();
        self.content
            .transform([area.w, 0.0, 0.0, area.h, area.x, bottom]);
        self.content.x_object(Name(name.as_bytes()));
        self.content.restore_state();
    }

    fn finish(mut self, page: &Page, tree: Ref, leaf: Ref) -> Vec<u8> {
        let glyphs = std::mem::take(&mut self.glyphs);
        let fonts: Vec<_> = glyphs
            .iter()
            .map(|(face, used)| (format!("f{}", *face as usize), self.font(*face, used)))
            .collect();
        let content = self.id();
        let mut sheet = self.pdf.page(leaf);
        sheet.parent(tree).contents(content);
        sheet.media_box(Rect::new(0.0, 0.0, page.width as f32, page.height as f32));
        let mut resources = sheet.resources();
        let mut named = resources.fonts();
        for (name, id) in &fonts {
            named.pair(Name(name.as_bytes()), id);
        }
        named.finish();
        let mut named = resources.x_objects();
        for (i, id) in self.images.iter().enumerate() {
            named.pair(Name(format!("i{i}").as_bytes()), id);
        }
        named.finish();
        let mut named = resources.ext_g_states();
        for thousandths in &self.opacities {
            let alpha = f32::from(*thousandths) / 1000.0;
            let mut state = named
                .insert(Name(format!("a{thousandths}").as_bytes()))
                .start::<pdf_writer::writers::ExtGraphicsState>();
            state.non_stroking_alpha(alpha).stroking_alpha(alpha);
        }
        named.finish();
        resources.finish();
        sheet.finish();
        let bytes = deflate(&self.content.finish());
        self.pdf.stream(content, &bytes).filter(Filter::FlateDecode);
        self.pdf.finish()
    }

    /// A whole face as a composite font whose character codes are its glyphs.
    fn font(&mut self, face: Face, used: &BTreeMap<u16, char>) -> Ref {
        let [font, cid, descriptor, file, unicode] = [(); 5].map(|()| self.id());
        let family = face.family().replace(' ', "");
        let name = Name(family.as_bytes());
        let system = SystemInfo {
            registry: Str(b"Adobe"),
            ordering: Str(b"Identity"),
            supplement: 0,
        };
        let mut type0 = self.pdf.type0_font(font);
        type0
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"));
        type0.descendant_font(cid).to_unicode(unicode);
        type0.finish();

        let mut cid_font = self.pdf.cid_font(cid);
        cid_font.subtype(CidFontType::Type0).base_font(name);
        cid_font.system_info(system).font_descriptor(descriptor);
        cid_font.default_width(0.0);
        let mut widths = cid_font.widths();
        for id in used.keys() {
            let advance = UNITS * face.advance(GlyphId::from(*id));
            widths.consecutive(*id, [advance]);
        }
        widths.finish();
        cid_font.finish();

        let metrics = face
            .font()
            .metrics(Size::new(UNITS), LocationRef::default());
        let bounds = metrics.bounds.unwrap_or_default();
        let mut about = self.pdf.font_descriptor(descriptor);
        about
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .italic_angle(0.0);
        about.bbox(Rect::new(
            bounds.x_min,
            bounds.y_min,
            bounds.x_max,
            bounds.y_max,
        ));
        about.ascent(metrics.ascent).descent(metrics.descent);
        about.cap_height(metrics.cap_height.unwrap_or(metrics.ascent));
        about.stem_v(80.0).font_file3(file);
        about.finish();

        let bytes = deflate(face.bytes());
        let mut stream = self.pdf.stream(file, &bytes);
        stream.filter(Filter::FlateDecode);
        stream.pair(Name(b"Subtype"), Name(b"OpenType"));
        stream.finish();

        let mut map = UnicodeCmap::new(Name(b"Custom"), system);
        for (id, sign) in used {
            map.pair(*id, *sign);
        }
        self.pdf.cmap(unicode, &map.finish());
        font
    }
}

/// A hundredth of a point is enough, and short.
fn round(value: f32) -> f32 {
    (100.0 * value).round() / 100.0
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let all = encoder.write_all(bytes).and_then(|()| encoder.finish());
    all.expect("writing into memory does not fail")
}
