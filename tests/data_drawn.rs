//! Painted, image and table data sets: content, text forms, exact fields, bad files.

mod common;

use std::io::Cursor;
use std::sync::Arc;

use flowlab::data::{Dataset, PixelGrid, PointSet, Source, Symmetry};
use flowlab::flow::metric::{cell_mass, off_support};
use flowlab::flow::{ExactField, Scheduler};
use image::{GrayAlphaImage, GrayImage, ImageFormat, Luma, LumaA};

use common::points;

fn drawn(dataset: &Dataset, n: usize) -> Vec<f32> {
    points(dataset, n, 1)
}

fn png(image: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).expect("png");
    bytes.into_inner()
}

#[test]
fn a_painted_board_is_the_board() {
    let painted: Dataset = "painted:1010/0101/1010/0101".parse().expect("a grid");
    let by_hand: Dataset = "painted:#.#./.#.#/#.#./.#.#".parse().expect("a grid");
    assert_eq!(by_hand.to_string(), painted.to_string().replace('1', "_"));
    let board = Dataset::CHECKERBOARD.boxes().expect("boxes");
    let union = painted.boxes().expect("boxes");
    assert_eq!(union.boxes.len(), 8);
    for cell in &union.boxes {
        assert!(board.boxes.contains(cell), "{cell:?}");
    }
    let x = drawn(&painted, 20_000);
    assert_eq!(off_support(&board, &x), 0.0);
    let path = Scheduler::CondOt;
    let (a, b) = (painted.exact(path), Dataset::CHECKERBOARD.exact(path));
    let (Some(ExactField::Boxes(a)), Some(ExactField::Boxes(b))) = (a, b) else {
        panic!("both are boxes");
    };
    for x in [[0.3, -0.4], [1.7, 1.9], [-2.5, 0.1]] {
        let (p, q) = (a.at(0.6_f64, x), b.at(0.6_f64, x));
        assert!((p.velocity[0] - q.velocity[0]).abs() < 1e-12);
        assert!((p.divergence - q.divergence).abs() < 1e-10);
    }
}

#[test]
fn weights_are_shares_of_the_mass() {
    let painted: Dataset = "painted:0a0/_00/005".parse().expect("a grid");
    let union = painted.boxes().expect("boxes");
    let total = 10.0 + 63.0 + 5.0;
    // Boxes run row by row from the lower left.
    let shares = [5.0 / total, 63.0 / total, 10.0 / total];
    let n = 50_000;
    for (mass, share) in cell_mass(&union, &drawn(&painted, n)).iter().zip(shares) {
        let sd = (share * (1.0 - share) / n as f64).sqrt();
        assert!((mass - share).abs() < 5.0 * sd, "{mass} {share}");
    }
    assert!(union.contains([0.0, 1.9]), "the first row is on top");
    assert!(union.contains([1.9, -1.9]), "the last row is below");
}

#[test]
fn text_holds_the_content() {
    let points = vec![[0.1_f32, -2.5], [1e-3, 3.0]];
    let points = Dataset::Points(Arc::new(PointSet::new(points).expect("points")));
    let painted: Dataset = "painted:09/zZ".parse().expect("a grid");
    for dataset in [points, painted] {
        let json = serde_json::to_string(&dataset).expect("json");
        assert_eq!(
            serde_json::from_str::<Dataset>(&json).expect("json"),
            dataset
        );
        assert_eq!(dataset.to_string().parse(), Ok(dataset.clone()));
        assert!(!dataset.label().is_empty());
        let source = Source::Data(Box::new(dataset));
        let json = serde_json::to_string(&source).expect("json");
        assert_eq!(serde_json::from_str::<Source>(&json).expect("json"), source);
    }
}

#[test]
fn stored_text_opens_no_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "x,y\n1,2\n3,4\n").expect("written");
    let text = format!("points:{}", file.display());
    assert!(text.parse::<Dataset>().is_ok(), "typed by a person");
    let json = serde_json::to_string(&text).expect("json");
    assert!(serde_json::from_str::<Dataset>(&json).is_err());
    assert!(serde_json::from_str::<Source>(&json).is_err());
}

#[test]
fn bad_text_is_named() {
    let error = |text: &str| text.parse::<Dataset>().unwrap_err().to_string();
    assert!(error("painted:00/00").contains("empty"));
    assert!(error("painted:01/0").contains("row 2 has 1 pixels"));
    assert!(error("painted:0?/00").contains("`?`"));
    assert!(error(&format!("painted:{}", "0/".repeat(70))).contains("at most 64"));
    assert!(error("point-list:1,2;3").contains("point 2"));
    assert!(error("point-list:1,nan").contains("1e6"));
    assert!(error("image:no/such.png").contains("no/such.png"));
    assert!(error("points:/").contains("is no file"));
    let source = |text: &str| text.parse::<Source>().unwrap_err().to_string();
    assert!(source("normal").contains("gaussian, uniform"));
}

#[test]
fn brushes_paint_lines_discs_and_images() {
    let mut grid = PixelGrid::new(16);
    assert_eq!(grid.pixel_at([-2.0, -2.0]), Some([0, 0]));
    assert_eq!(grid.pixel_at([1.99, 0.0]), Some([15, 8]));
    assert_eq!(grid.pixel_at([2.0, 0.0]), None);
    assert_eq!(grid.pixel_at([f64::NAN, 0.0]), None);
    // A stroke along the lowest row.
    assert!(grid.stroke([-1.9, -1.9], [1.9, -1.9], 1.0, 63, Symmetry::None));
    assert_eq!(grid.painted(), 16);
    assert!(
        !grid.stroke([-1.9, -1.9], [1.9, -1.9], 1.0, 63, Symmetry::None),
        "no change"
    );
    assert!(!grid.stroke([f64::NAN, 0.0], [0.0, 0.0], 1.0, 63, Symmetry::None));
    grid.clear();
    assert!(grid.is_empty() && grid.boxes().is_none());
    assert!(Dataset::painted(grid.clone()).is_err());
    // A disc of 8 pixels across has an area of 16π pixels.
    grid.stroke([0.0, 0.0], [0.0, 0.0], 8.0, 200, Symmetry::None);
    assert!((45..=57).contains(&grid.painted()), "{}", grid.painted());
    assert_eq!(grid.get([8, 8]), 63, "weights are capped");
    grid.stroke([0.0, 0.0], [0.0, 0.0], 3.0, 0, Symmetry::None);
    assert_eq!(grid.get([8, 8]), 0, "weight 0 erases");
    for (symmetry, pixels) in Symmetry::ALL.into_iter().zip([1, 2, 2, 4, 4]) {
        let mut grid = PixelGrid::new(16);
        let at = [-1.3, 0.6];
        grid.stroke(at, at, 1.0, 9, symmetry);
        assert_eq!(grid.painted(), pixels, "{symmetry:?}");
        let images = match symmetry {
            Symmetry::None => vec![],
            Symmetry::X => vec![[1.3, 0.6]],
            Symmetry::Y => vec![[-1.3, -0.6]],
            Symmetry::Both => vec![[1.3, 0.6], [-1.3, -0.6], [1.3, -0.6]],
            Symmetry::Rotational => vec![[-0.6, -1.3], [1.3, -0.6], [0.6, 1.3]],
        };
        for image in images {
            let pixel = grid.pixel_at(image).expect("inside");
            assert_eq!(grid.get(pixel), 9, "{symmetry:?} {image:?}");
        }
    }
    let mut small = PixelGrid::new(2);
    small.set([1, 0], 7);
    let large = small.resized(8);
    assert_eq!(large.painted(), 16);
    assert_eq!(large.resized(2), small);
}

#[test]
fn brightness_is_density() {
    // Left half black, right half bright, the lower part of it half as bright.
    let image = GrayImage::from_fn(200, 100, |x, y| match (x < 100, y < 50) {
        (true, _) => Luma([0]),
        (false, true) => Luma([200]),
        (false, false) => Luma([100]),
    });
    let grid = PixelGrid::from_image(&png(&image), false).expect("a picture");
    assert_eq!(grid.side(), 64);
    assert_eq!(grid.get([50, 40]), 63);
    assert!((31..=32).contains(&grid.get([50, 20])));
    assert_eq!(grid.get([10, 40]), 0);
    assert_eq!(grid.get([50, 60]), 0, "a wide picture leaves the top free");
    let dark = PixelGrid::from_image(&png(&image), true).expect("a picture");
    assert_eq!(dark.get([10, 40]), 63);
    assert_eq!(dark.get([50, 60]), 0, "the free part is not dark");
    let clear = GrayAlphaImage::from_pixel(8, 8, LumaA([0, 0]));
    let mut bytes = Cursor::new(Vec::new());
    clear.write_to(&mut bytes, ImageFormat::Png).expect("png");
    assert!(PixelGrid::from_image(bytes.get_ref(), true).is_err());
}

#[test]
fn a_photograph_is_read_the_right_way_up() {
    // The left half is bright.
    let image = GrayImage::from_fn(64, 64, |x, _| Luma([if x < 32 { 255 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Jpeg).expect("jpeg");
    let plain = bytes.into_inner();
    let grid = PixelGrid::from_image(&plain, false).expect("a picture");
    let at = |grid: &PixelGrid| [[10, 10], [10, 50], [50, 10], [50, 50]].map(|c| grid.get(c) > 40);
    assert_eq!(at(&grid), [true, true, false, false]);

    // The camera was held on its side: EXIF orientation 6, a quarter turn to the right.
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut turned = plain[..2].to_vec();
    turned.extend([0xff, 0xe1]);
    turned.extend(
        u16::try_from(exif.len() + 2)
            .expect("a short segment")
            .to_be_bytes(),
    );
    turned.extend(exif);
    turned.extend(&plain[2..]);
    let grid = PixelGrid::from_image(&turned, false).expect("a picture");
    assert_eq!(
        at(&grid),
        [false, true, false, true],
        "the bright half is above"
    );
}

#[test]
fn bad_images_are_refused() {
    let error = |bytes: &[u8]| PixelGrid::from_image(bytes, false).unwrap_err();
    let good = png(&GrayImage::from_pixel(30, 20, Luma([255])));
    for end in 0..good.len() - 20 {
        error(&good[..end]);
    }
    assert!(error(b"GIF89a").contains("neither a PNG nor a JPEG"));
    assert!(error(&png(&GrayImage::new(8, 8))).contains(":dark"));
    let wide = png(&GrayImage::from_pixel(5000, 1, Luma([255])));
    assert!(error(&wide).contains("4096"), "{}", error(&wide));
}

#[test]
fn tables_are_read_as_people_write_them() {
    let rows = |text: &str| {
        let table = PointSet::parse(text.as_bytes(), true).expect(text);
        (table.points.points().to_vec(), table.dropped)
    };
    let wanted = vec![[1.5, -2.0], [3.0, 4.0]];
    for text in [
        "x,y\n1.5,-2\n3,4\n",
        "1.5,-2\n3,4",
        "\u{feff}x,y\r\n1.5,-2\r\n3,4\r\n",
        "x;y\n1,5;-2\n3;4\n",
        "y\tid\tX\n-2\ta\t1,5\n4\tb\t3\n",
        "x,y,label\n1.5,-2,cat\n3,4,dog\n",
        "x, y\n 1.5 , -2\n\n3,4\n",
    ] {
        assert_eq!(rows(text), (wanted.clone(), 0), "{text:?}");
    }
    assert_eq!(
        rows("x,y\n1,2\nnan,3\n4,inf\n,5\n").1,
        3,
        "dropped rows are counted"
    );
}

#[test]
fn bad_tables_name_row_and_column() {
    let error = |text: &str| PointSet::parse(text.as_bytes(), false).unwrap_err();
    assert!(error("").contains("one column"));
    assert!(error("x\n1\n2\n").contains("one column"));
    assert!(error("a,b\n1,2\n").contains("column x is missing; found a, b"));
    assert!(error("x,y\n1,2\n3,four\n").contains("row 3, column y: `four`"));
    assert!(error("x,y\n1,2\n3\n").contains("row 3: column y is missing"));
    assert!(error("x,y\n").contains("no points"));
    assert!(error("x,y\nnan,1\n").contains("no points"));
    assert!(error("x,y\n1e308,1\n-1e308,2\n").contains("too large"));
    let long = "1,2\n".repeat(PointSet::MAX + 1);
    assert!(error(&long).contains("more than 100000"));
    assert!(PointSet::parse(b"x,y\n\xff\xfe,1\n", false).is_err());
}

#[test]
fn tables_are_brought_to_the_size_of_the_noise() {
    let table = PointSet::parse(b"x,y\n100,10\n300,10\n100,30\n300,30\n", false).expect("points");
    let points = table.points.points();
    for i in 0..2 {
        let mean: f32 = points.iter().map(|p| p[i]).sum::<f32>() / 4.0;
        assert!(mean.abs() < 1e-6);
    }
    let square: f32 = points.iter().flatten().map(|x| x * x).sum::<f32>() / 8.0;
    assert!((square - 1.0).abs() < 1e-5, "{square}");
    assert!(
        (points[0][0] / points[0][1] - 10.0).abs() < 1e-4,
        "one scale for both axes"
    );
    let one = PointSet::parse(b"5,5\n5,5\n", false).expect("points");
    assert_eq!(one.points.points(), [[0.0, 0.0]; 2]);
    // A table of few points has an exact field, and samples are its points.
    let dataset = Dataset::Points(Arc::new(table.points));
    assert!(dataset.exact(Scheduler::CondOt).is_some());
    let x = drawn(&dataset, 100);
    let Dataset::Points(set) = &dataset else {
        unreachable!("just made");
    };
    assert!(x.chunks(2).all(|p| set.points().contains(&[p[0], p[1]])));
    let many = vec![[0.0, 0.0]; 5000];
    let many = Dataset::Points(Arc::new(PointSet::new(many).expect("points")));
    assert!(many.exact(Scheduler::CondOt).is_none());
}
