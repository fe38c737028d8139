//! Mutated files over every reader of [`flowlab::intake`]: no panic, no long wait, no large memory.
//!
//! `FLOWLAB_FUZZ_CASES=1000000` sets the number of inputs over all readers. A found case is written
//! to `tests/corpus/READER/`, which is gone through first: it is kept, and so the fault stays mended.

use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use flowlab::figure::Meta;
use flowlab::intake::{READERS, Reader};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Inputs over all readers in an ordinary run: well under a minute.
const CASES: usize = 40_000;
/// One input may take the processor this long.
const PATIENCE: Duration = Duration::from_secs(5);
/// Memory of the whole test process, in MiB.
const MEMORY: u64 = 512;

/// Good files of a kind, from which the bad ones are made.
fn good(reader: &str) -> Vec<Vec<u8>> {
    let text = |all: &[&str]| all.iter().map(|text| text.as_bytes().to_vec()).collect();
    match reader {
        "idx" => {
            let mut images = [0x0803_u32, 3, 28, 28].map(u32::to_be_bytes).concat();
            images.extend((0..3 * 28 * 28).map(|i| i as u8));
            let mut labels = [0x0801_u32, 5].map(u32::to_be_bytes).concat();
            labels.extend([0, 9, 3, 1, 7]);
            vec![images, labels]
        }
        "gz" => {
            let pack = |bytes: &[u8]| {
                let mut packer = GzEncoder::new(Vec::new(), Compression::best());
                packer.write_all(bytes).unwrap();
                packer.finish().unwrap()
            };
            let one = pack(b"one member");
            vec![one.clone(), [one.clone(), one].concat(), pack(&[7; 20_000])]
        }
        "safetensors" => {
            let header = r#"{"network.0.weight":{"dtype":"F32","shape":[4,3],"data_offsets":[0,48]},"network.0.bias":{"dtype":"F32","shape":[4],"data_offsets":[48,64]},"network.2.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[64,96]},"network.2.bias":{"dtype":"F32","shape":[2],"data_offsets":[96,104]}}"#;
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend((0..26_i32).flat_map(|i| (i as f32 * 0.1).to_le_bytes()));
            vec![bytes]
        }
        "toy-config" => text(&[include_str!(
            "../../assets/weights/checkerboard/config.json"
        )]),
        "image-config" => text(&[
            include_str!("../../assets/weights/latent/config.json"),
            include_str!("../../assets/weights/vae/config.json"),
            include_str!("../../assets/weights/variational/config.json"),
        ]),
        "points" => text(&[
            "x,y\n0.5,1\n-1e3,2.25\n3,4\n",
            "\u{feff}x;y\n0,5;1\n1,5;2\n",
        ]),
        "table" => text(&["t,x,y\n0.5,1,2\n0.25,-1,1e9\n", "x,t,y\n\"1\",0, 2\n"]),
        "picture" => {
            use image::ImageFormat::{Jpeg, Png};
            let picture = image::GrayImage::from_fn(9, 7, |x, y| image::Luma([(20 * x + y) as u8]));
            let written = |format| {
                let mut bytes = std::io::Cursor::new(Vec::new());
                picture.write_to(&mut bytes, format).unwrap();
                bytes.into_inner()
            };
            vec![written(Png), written(Jpeg)]
        }
        "figure-settings" => {
            let meta = Meta {
                figure: "lesson-paths".to_owned(),
                runs: vec!["runs/(a)".to_owned()],
                t: Some(0.5),
                view: serde_json::json!({"a": [1, 2, {"b": null}], "seed": 7}),
                ..Meta::default()
            };
            let json = meta.json();
            let svg = format!(
                "<svg><metadata>{}</metadata></svg>",
                json.replace('"', "&quot;")
            );
            let pdf = format!(
                "%PDF-1.7 ({})",
                json.replace('(', "\\(").replace(')', "\\)")
            );
            let mut gif = b"GIF89a\x21\xfe".to_vec();
            for block in json.as_bytes().chunks(255) {
                gif.push(block.len() as u8);
                gif.extend_from_slice(block);
            }
            gif.push(0);
            vec![json.into_bytes(), svg.into_bytes(), pdf.into_bytes(), gif]
        }
        "session" => text(&[
            include_str!("../data/session-1.json"),
            include_str!("../data/session-2.json"),
        ]),
        "dataset" => text(&[
            "checkerboard:grid=4,scale=2",
            "painted:#.#/.#./#.#",
            "standard-board",
            "moons",
        ]),
        other => panic!("no good file of the reader {other}: add one here"),
    }
}

/// One to eight changes of the kinds that break readers.
fn mutate(rng: &mut impl Rng, file: &mut Vec<u8>, other: &[u8]) {
    const NUMBERS: [&[u8]; 10] = [
        b"-1",
        b"0",
        b"1e308",
        b"1e999",
        b"NaN",
        b"18446744073709551615",
        b"99999999",
        b"\"",
        b"[[[[[[[[",
        b"null",
    ];
    for _ in 0..rng.random_range(1..=8) {
        let length = file.len();
        let at = if length == 0 {
            0
        } else {
            rng.random_range(0..length)
        };
        match rng.random_range(0..9) {
            0 if length > 0 => file[at] ^= 1 << rng.random_range(0..8),
            1 if length > 0 => file[at] = rng.random(),
            2 => file.truncate(at),
            3 => file.extend((0..rng.random_range(1..64)).map(|_| rng.random::<u8>())),
            4 if length > 0 => {
                let end = (at + rng.random_range(1..32)).min(length);
                let block = file[at..end].to_vec();
                file.splice(at..at, block);
            }
            5 if length > 0 => {
                let end = (at + rng.random_range(1..32)).min(length);
                file.drain(at..end);
            }
            6 if length >= 4 => {
                let extreme = [0_u32, 1, u32::MAX, i32::MAX as u32][rng.random_range(0..4)];
                let at = at.min(length - 4);
                file[at..at + 4].copy_from_slice(&extreme.to_be_bytes());
            }
            7 => {
                // A number or a mark of JSON in place of another.
                let end = (at + rng.random_range(0..6)).min(length);
                let new = NUMBERS[rng.random_range(0..NUMBERS.len())];
                file.splice(at..end, new.iter().copied());
            }
            _ if !other.is_empty() => {
                let cut = rng.random_range(0..other.len());
                file.truncate(at);
                file.extend_from_slice(&other[cut..]);
            }
            _ => {}
        }
    }
    file.truncate(1 << 16);
}

fn corpus(reader: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(reader)
}

/// Feeds one input; what is wrong with the reader, if anything is.
fn fault(reader: &Reader, bytes: &[u8]) -> Option<String> {
    let (started, worked) = (Instant::now(), worked());
    let read = reader.read;
    if catch_unwind(AssertUnwindSafe(|| read(bytes))).is_err() {
        return Some("panics".to_owned());
    }
    // On a busy machine a thread may wait for minutes until it goes on.
    let took = match (worked, self::worked()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => started.elapsed(),
    };
    (took > PATIENCE).then(|| format!("takes {took:?}"))
}

/// How long this thread was at work; none where the system does not tell.
fn worked() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Peak memory of this process in MiB; none where the system does not tell.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib >> 10)
}

#[test]
fn good_files_are_taken() {
    for reader in READERS {
        let files = good(reader.name);
        for (number, file) in files.iter().enumerate() {
            assert!((reader.read)(file), "{}, file {number}", reader.name);
        }
    }
}

/// The targets of cargo-fuzz need a nightly compiler; that each reader has one is held here.
#[test]
fn every_reader_is_a_target_of_cargo_fuzz() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for reader in READERS {
        assert!(manifest.contains(&format!("name = \"{}\"", reader.name)));
        let file = folder
            .join("fuzz_targets")
            .join(format!("{}.rs", reader.name.replace('-', "_")));
        let target = fs::read_to_string(&file).unwrap();
        assert!(
            target.contains(&format!("read(\"{}\", bytes)", reader.name)),
            "{target}"
        );
    }
}

#[test]
fn what_was_found_before_stays_mended() {
    for reader in READERS {
        let Ok(entries) = fs::read_dir(corpus(reader.name)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if let Some(fault) = fault(&reader, &bytes) {
                panic!("{}: {fault}", path.display());
            }
        }
    }
}

#[test]
fn mutated_files_end_in_a_value_or_an_error() {
    let cases = std::env::var("FLOWLAB_FUZZ_CASES")
        .map_or(CASES, |text| text.parse().expect("a number of inputs"));
    let (mut faults, started) = (Vec::new(), Instant::now());
    for (number, reader) in READERS.iter().enumerate() {
        let files = good(reader.name);
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        for case in 0..cases / READERS.len() {
            let mut file = files[rng.random_range(0..files.len())].clone();
            let other = &files[rng.random_range(0..files.len())];
            mutate(&mut rng, &mut file, other);
            if let Some(fault) = fault(reader, &file) {
                let folder = corpus(reader.name);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("case-{case}")), &file).unwrap();
                faults.push(format!("{}, case {case}: {fault}", reader.name));
                break;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let took = started.elapsed();
    if let Some(peak) = peak() {
        println!("{cases} mutated files in {took:.1?}, {peak} MiB at most");
        assert!(peak < MEMORY, "{peak} MiB at most");
    }
}
