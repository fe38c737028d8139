//! SVG: text that is the same for the same page, with the faces inside.

use std::collections::BTreeSet;
use std::fmt::Write;

use tiny_skia::PathSegment;

use super::meta::Meta;
use super::page::{Anchor, Area, Ink, MOST_VECTOR_DOTS, Page, Picture, Shape};
use super::raster::{self, DASHES};
use super::style::Style;
use super::text::{Face, Text};

/// The page as SVG; lengths are points.
pub fn encode(page: &Page, style: &Style, meta: &Meta, title: &str) -> String {
    let mut svg = String::new();
    let [w, h] = [page.width, page.height].map(|v| num(v as f32));
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}pt" height="{h}pt" viewBox="0 0 {w} {h}">"#
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(title));
    let _ = writeln!(svg, "<metadata>{}</metadata>", escape(&meta.json()));
    if !style.outlines {
        faces(&mut svg, page);
    }
    if let Some([r, g, b]) = page.paper {
        let _ = writeln!(
            svg,
            r##"<rect width="{w}" height="{h}" fill="#{r:02x}{g:02x}{b:02x}"/>"##
        );
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
                image(&mut svg, *area, &picture);
            }
            shape => write(&mut svg, shape, style.outlines),
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn write(svg: &mut String, shape: &Shape, outlines: bool) {
    let _ = match shape {
        Shape::Rect { area, ink } => writeln!(
            svg,
            r#"<rect x="{}" y="{}" width="{}" height="{}"{}/>"#,
            num(area.x),
            num(area.y),
            num(area.w),
            num(area.h),
            colour("fill", *ink)
        ),
        Shape::Line {
            points,
            width,
            ink,
            dashed,
        } => {
            let ends = if *dashed {
                let [dash, gap] = DASHES.map(|length| num(length * width));
                format!(r#" stroke-dasharray="{dash} {gap}""#)
            } else {
                r#" stroke-linecap="round""#.to_owned()
            };
            writeln!(
                svg,
                r#"<polyline points="{}" fill="none"{} stroke-width="{}" stroke-linejoin="round"{ends}/>"#,
                list(points),
                colour("stroke", *ink),
                num(*width)
            )
        }
        Shape::Polygon { points, ink } => writeln!(
            svg,
            r#"<polygon points="{}"{}/>"#,
            list(points),
            colour("fill", *ink)
        ),
        Shape::Dots {
            at, radius, ink, ..
        } => {
            let r = num(*radius);
            let _ = writeln!(svg, "<g{}>", colour("fill", *ink));
            for [x, y] in at.iter().filter(|p| p.iter().all(|v| v.is_finite())) {
                let _ = writeln!(
                    svg,
                    r#"<circle cx="{}" cy="{}" r="{r}"/>"#,
                    num(*x),
                    num(*y)
                );
            }
            writeln!(svg, "</g>")
        }
        Shape::Image { area, picture } => {
            image(svg, *area, picture);
            Ok(())
        }
        Shape::Label {
            at,
            anchor,
            upwards,
            size,
            ink,
            text,
        } => {
            let [x, y] = at.map(num);
            let turn = if *upwards { " rotate(-90)" } else { "" };
            let place = format!(r#" transform="translate({x} {y}){turn}""#);
            if outlines {
                let d = outline(text, *size, *anchor);
                writeln!(svg, r#"<path d="{d}"{}{place}/>"#, colour("fill", *ink))
            } else {
                label(svg, text, *size, *anchor, *ink, &place)
            }
        }
    };
}

fn label(
    svg: &mut String,
    text: &Text,
    size: f32,
    anchor: Anchor,
    ink: Ink,
    place: &str,
) -> std::fmt::Result {
    let anchor = match anchor {
        Anchor::Start => "",
        Anchor::Middle => r#" text-anchor="middle""#,
        Anchor::End => r#" text-anchor="end""#,
    };
    let fill = colour("fill", ink);
    write!(
        svg,
        r#"<text xml:space="preserve" font-kerning="none"{anchor}{fill}{place}>"#
    )?;
    let mut risen = 0.0;
    for run in &text.0 {
        // What the sans face lacks, the maths face may have; viewers look in the same order.
        let family = run.face.family();
        let [first, second] = [run.rise - risen, run.rise].map(|v| -v * size);
        risen = run.rise;
        let rise = if first == 0.0 && second == 0.0 {
            String::new()
        } else {
            format!(r#" dy="{}""#, num(first))
        };
        write!(
            svg,
            r#"<tspan font-family="'{family}', 'Figure Maths', Inter, Helvetica, Arial, sans-serif" font-size="{}"{rise}>{}</tspan>"#,
            num(size * run.scale),
            escape(&run.text)
        )?;
    }
    writeln!(svg, "</text>")
}

/// The faces that the page uses.
fn faces(svg: &mut String, page: &Page) {
    let mut used = BTreeSet::new();
    for shape in &page.shapes {
        if let Shape::Label { text, .. } = shape {
            used.extend(text.set(1.0).0.iter().map(|glyph| glyph.face));
        }
    }
    if used.is_empty() {
        return;
    }
    svg.push_str("<style>\n");
    for face in used {
        let _ = writeln!(
            svg,
            "@font-face{{font-family:'{}';src:url(data:font/otf;base64,{}) format('opentype')}}",
            Face::family(face),
            base64(face.bytes())
        );
    }
    svg.push_str("</style>\n");
}

fn outline(text: &Text, size: f32, anchor: Anchor) -> String {
    let mut d = String::new();
    let Some(path) = raster::outline(text, size, anchor) else {
        return d;
    };
    for segment in path.segments() {
        let (name, points) = match segment {
            PathSegment::MoveTo(p) => ('M', vec![p]),
            PathSegment::LineTo(p) => ('L', vec![p]),
            PathSegment::QuadTo(a, p) => ('Q', vec![a, p]),
            PathSegment::CubicTo(a, b, p) => ('C', vec![a, b, p]),
            PathSegment::Close => ('Z', Vec::new()),
        };
        d.push(name);
        let places: Vec<_> = points.iter().map(|p| [p.x, p.y]).collect();
        d.push_str(&list(&places));
    }
    d
}

fn image(svg: &mut String, area: Area, picture: &Picture) {
    let meta = Meta::default();
    let png = super::png::encode(std::slice::from_ref(picture), 1, 72.0, &meta);
    let _ = writeln!(
        svg,
        r#"<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" href="data:image/png;base64,{}"/>"#,
        num(area.x),
        num(area.y),
        num(area.w),
        num(area.h),
        base64(&png)
    );
}

/// A length with at most two decimals, a hundredth of a point.
fn num(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

fn list(points: &[[f32; 2]]) -> String {
    let places: Vec<_> = points
        .iter()
        .map(|[x, y]| format!("{},{}", num(*x), num(*y)))
        .collect();
    places.join(" ")
}

fn colour(what: &str, ink: Ink) -> String {
    let [r, g, b] = ink.colour;
    let mut text = format!(r##" {what}="#{r:02x}{g:02x}{b:02x}""##);
    if ink.alpha < 1.0 {
        let _ = write!(text, r#" {what}-opacity="{}""#, num(ink.alpha));
    }
    text
}

/// Text that is harmless between tags and quotes. What XML cannot hold at all is left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            sign if sign.is_control() => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}

/// What [`escape`] was given.
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for i in 0..4 {
            let sign = match i <= chunk.len() {
                true => SIGNS[(bits >> (18 - 6 * i) & 63) as usize],
                false => b'=',
            };
            out.push(char::from(sign));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_rfc_4648_says() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xFF, 0xFE, 0xFD, 0xFC]), "//79/A==");
    }

    #[test]
    fn lengths_are_short_and_never_minus_zero() {
        let cases = [
            (0.0, "0"),
            (-0.001, "0"),
            (1.5, "1.5"),
            (100.0, "100"),
            (0.126, "0.13"),
        ];
        for (value, text) in cases {
            assert_eq!(num(value), text);
        }
    }

    #[test]
    fn escaped_text_comes_back() {
        let odd = "<a & \"b\"> 'c' &amp; π";
        assert_eq!(unescape(&escape(odd)), odd);
        assert_eq!(escape("a\u{0}b\u{FFFF}"), "a b");
    }
}
