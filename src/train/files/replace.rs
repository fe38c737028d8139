//! A run that takes the place of another one, whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use super::{
    CheckpointError, PREFIX, content, io_error, prepare_folder, read_capped, write_atomically,
};

/// Files of a run folder, those of the image lab included.
const FILES: [&str; 5] = [
    "config.json",
    "model.safetensors",
    "optimizer.safetensors",
    "kept.safetensors",
    "log.csv",
];
/// The folder of an image run's sheets.
const SHEETS: &str = "samples";
/// The folder of a latent run's own autoencoder, and what of it belongs to the run.
const AUTOENCODER: &str = "vae";
const AUTOENCODER_FILES: [&str; 2] = ["config.json", "model.safetensors"];
/// How the folder's name begins that holds a run while another one takes its place. Unlike other
/// leavings it is never cleared away.
const BEFORE: &str = ".before-flowlab-";

/// What of a folder belongs to a run, as paths inside the folder; other files are the user's.
pub fn run_files(folder: &Path) -> Vec<PathBuf> {
    if !has_run(folder) {
        return Vec::new();
    }
    let sheets = fs::read_dir(folder.join(SHEETS)).into_iter().flatten();
    let sheets = sheets.flatten().map(|entry| entry.file_name());
    let sheets = sheets.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("epoch-") && name.ends_with(".png")
    });
    let sheets = sheets.map(|name| Path::new(SHEETS).join(name));
    let copy = autoencoder_files().filter(|_| keeps_autoencoder(folder));
    let files = FILES.iter().map(PathBuf::from).chain(copy).chain(sheets);
    files.filter(|name| folder.join(name).is_file()).collect()
}

/// Whether a folder holds a run.
pub fn has_run(folder: &Path) -> bool {
    folder.join("config.json").is_file()
}

fn autoencoder_files() -> impl Iterator<Item = PathBuf> {
    let names = AUTOENCODER_FILES.into_iter();
    names.map(|name| Path::new(AUTOENCODER).join(name))
}

/// Whether the run in a folder has an autoencoder that is not the program's.
fn keeps_autoencoder(folder: &Path) -> bool {
    let settings = read_capped(&folder.join("config.json")).ok();
    let settings = settings.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let settings: serde_json::Value = settings.unwrap_or_default();
    let named = settings["vae"].as_str();
    settings["task"] == "latent" && named.is_some_and(|name| !name.starts_with("builtin:"))
}

/// Whether a run of `train vae` lies where a latent run keeps its copy: such a one is no part of
/// the run around it.
pub fn is_run_of_its_own(autoencoder: &Path) -> bool {
    autoencoder.join("optimizer.safetensors").is_file()
}

/// The error where such a run is in the way.
pub fn in_the_way(autoencoder: &Path) -> CheckpointError {
    content(
        autoencoder,
        "is a run of its own, where this run's autoencoder has its place; save into another folder",
    )
}

/// Copies what a run folder holds into another one, in place of a run that is there.
///
/// # Errors
/// Names the file that could not be read or written; what was there stays then.
pub fn copy_run(from: &Path, to: &Path) -> Result<(), CheckpointError> {
    replace_run(to, |place| copy_files(from, run_files(from), place))
}

/// Copies files of a folder, a file at a time and each in one piece.
///
/// # Errors
/// Names the file that could not be read or written.
pub fn copy_files(
    from: &Path,
    names: impl IntoIterator<Item = PathBuf>,
    to: &Path,
) -> Result<(), CheckpointError> {
    for name in names {
        let target = to.join(&name);
        make_parent(&target)?;
        write_atomically(&target, &read_capped(&from.join(name))?)?;
    }
    Ok(())
}

/// Lets `write` fill an empty folder; what of a run is there then takes the place of all that the
/// folder `to` holds of another one. When something fails, the former run stays.
///
/// # Errors
/// Those of `write`, and the name of what could not be moved.
pub fn replace_run<R, E: From<CheckpointError>>(
    to: &Path,
    write: impl FnOnce(&Path) -> Result<R, E>,
) -> Result<R, E> {
    prepare_folder(to, SystemTime::now())?;
    let place = folder_in(to, PREFIX)?;
    let done = write(place.path())?;
    exchange(place.path(), to)?;
    Ok(done)
}

fn folder_in(folder: &Path, prefix: &str) -> Result<TempDir, CheckpointError> {
    let made = tempfile::Builder::new().prefix(prefix).tempdir_in(folder);
    made.map_err(|source| io_error(folder, source))
}

/// Moves a run out of a folder and another one in.
fn exchange(new: &Path, to: &Path) -> Result<(), CheckpointError> {
    let (mut olds, mut news) = (run_files(to), run_files(new));
    let autoencoder = to.join(AUTOENCODER);
    if is_run_of_its_own(&autoencoder) {
        let model = Path::new(AUTOENCODER).join("model.safetensors");
        let is_other = || fs::read(new.join(&model)).ok() != fs::read(to.join(&model)).ok();
        if news.contains(&model) && is_other() {
            return Err(in_the_way(&autoencoder));
        }
        for names in [&mut olds, &mut news] {
            names.retain(|name| !name.starts_with(AUTOENCODER));
        }
    }
    let before = folder_in(to, BEFORE)?;
    let moved = move_files(&olds, to, before.path()).and_then(|()| move_files(&news, new, to));
    if let Err(error) = moved {
        let back = move_files(&there(&news, to, new), to, new)
            .and_then(|()| move_files(&there(&olds, before.path(), to), before.path(), to));
        if back.is_err() {
            // The run stays where the error says.
            let kept = before.keep();
            let reason = format!("{error}; the run that was there is in this folder now");
            return Err(io_error(&kept, io::Error::other(reason)));
        }
        return Err(error);
    }
    for name in [SHEETS, AUTOENCODER] {
        // Fails, as it should, where something else lies there.
        let _ = fs::remove_dir(to.join(name));
    }
    Ok(())
}

/// Those of the files that have come to `to` from a folder.
fn there(names: &[PathBuf], to: &Path, from: &Path) -> Vec<PathBuf> {
    let come = names.iter();
    let come = come.filter(|name| to.join(name).is_file() && !from.join(name).exists());
    come.cloned().collect()
}

fn move_files(names: &[PathBuf], from: &Path, to: &Path) -> Result<(), CheckpointError> {
    for name in names {
        let target = to.join(name);
        make_parent(&target)?;
        fs::rename(from.join(name), &target).map_err(|source| io_error(&target, source))?;
    }
    Ok(())
}

fn make_parent(path: &Path) -> Result<(), CheckpointError> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(|source| io_error(folder, source)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(folder: &Path, names: &[&str], text: &str) {
        for name in names {
            make_parent(&folder.join(name)).unwrap();
            fs::write(folder.join(name), text).unwrap();
        }
    }

    fn all(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                let inside = all(&path).into_iter();
                names.extend(inside.map(|inner| format!("{name}/{inner}")));
            } else {
                names.push(name);
            }
        }
        names.sort();
        names
    }

    const OLD: [&str; 9] = [
        "config.json",
        "kept.safetensors",
        "log.csv",
        "model.safetensors",
        "optimizer.safetensors",
        "samples/epoch-0007.png",
        "samples/mine.png",
        "vae/config.json",
        "vae/model.safetensors",
    ];

    /// Settings of a run with an autoencoder of its own.
    const SETTINGS: &str = r#"{"task":"latent","vae":"somewhere"}"#;

    fn text(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap()
    }

    #[test]
    fn nothing_of_a_replaced_run_stays_and_all_that_is_not_its_own_does() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fill(at, &OLD, SETTINGS);
        fill(at, &["notes.txt", "vae/notes.txt"], "mine");
        replace_run(at, |place| {
            fill(place, &["config.json", "model.safetensors"], "new");
            Ok::<(), CheckpointError>(())
        })
        .unwrap();
        let mut expected = vec!["config.json", "model.safetensors", "notes.txt"];
        expected.extend(["samples/mine.png", "vae/notes.txt"]);
        assert_eq!(all(at), expected);
        assert_eq!(text(at, "config.json"), "new");
    }

    #[test]
    fn a_run_stays_when_the_one_in_its_place_fails() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fill(at, &OLD, SETTINGS);
        let failed = replace_run(at, |place| {
            fill(place, &["config.json"], "new");
            Err::<(), _>(io_error(place, io::Error::other("full")))
        });
        assert!(failed.is_err());
        assert_eq!(all(at), OLD);
        // A folder in a file's place cannot be replaced: all goes back.
        fs::remove_file(at.join("log.csv")).unwrap();
        fill(at, &["log.csv/mine"], "mine");
        let before = all(at);
        let failed = replace_run(at, |place| {
            fill(place, &["config.json", "log.csv"], "new");
            Ok::<(), CheckpointError>(())
        });
        assert!(failed.unwrap_err().to_string().contains("log.csv"));
        assert_eq!(all(at), before);
        assert_eq!(text(at, "config.json"), SETTINGS);
    }

    #[test]
    fn a_run_inside_another_ones_folder_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let inner = [
            "vae/config.json",
            "vae/model.safetensors",
            "vae/optimizer.safetensors",
        ];
        fill(at, &inner, "inner");
        fill(at, &["log.csv"], "no run's");
        let put = |vae: &str| {
            replace_run(at, |place| {
                fill(place, &["config.json"], SETTINGS);
                fill(place, &inner[..2], vae);
                Ok::<(), CheckpointError>(())
            })
        };
        let error = put("other").unwrap_err().to_string();
        assert!(
            error.contains("vae") && error.contains("another folder"),
            "{error}"
        );
        put("inner").unwrap();
        assert_eq!(all(at), [&["config.json", "log.csv"][..], &inner].concat());
        assert_eq!(text(at, inner[1]), "inner");
        assert_eq!(text(at, "log.csv"), "no run's");
        // Nor does it go with the run that is replaced.
        replace_run(at, |place| {
            fill(place, &["config.json"], "plain");
            Ok::<(), CheckpointError>(())
        })
        .unwrap();
        assert_eq!(all(at), [&["config.json"][..], &inner].concat());
    }

    #[test]
    fn a_copy_has_its_autoencoder_and_nothing_of_another_run() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let names = [
            "config.json",
            "model.safetensors",
            "samples/epoch-0001.png",
            "vae/config.json",
            "vae/model.safetensors",
        ];
        fill(&a, &names, SETTINGS);
        let others = ["config.json", "kept.safetensors", "samples/epoch-0009.png"];
        fill(&b, &others, "b");
        copy_run(&a, &b).unwrap();
        assert_eq!(all(&b), names);
        // Onto itself, too.
        copy_run(&a, &a).unwrap();
        assert_eq!(all(&a), names);
        // One whose settings name the program's autoencoder has no other.
        fill(
            &a,
            &["config.json"],
            r#"{"task":"latent","vae":"builtin:vae"}"#,
        );
        copy_run(&a, &b).unwrap();
        assert_eq!(all(&b), names[..3]);
    }
}
