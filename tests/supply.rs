//! What the program is made of: every dependency has an allowed licence and comes from crates.io.
//! Needs no network and no other tool; `cargo deny --config .ci/deny.toml check` does more.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The strings of the policy's list `allow`, and the crates whose licence it clarifies.
fn policy() -> (Vec<String>, Vec<String>) {
    let text = fs::read_to_string(root().join(".ci/deny.toml")).unwrap();
    let start = text.find("allow = [").expect("a list of licences");
    let list = &text[start..start + text[start..].find(']').unwrap()];
    let quoted = |text: &str| -> Vec<String> {
        text.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let clarified = text
        .lines()
        .filter(|line| line.starts_with("crate = "))
        .flat_map(quoted);
    (quoted(list), clarified.collect())
}

/// Whether a licence expression can be met with what is allowed.
fn allows(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // Every expression in use is a conjunction of alternatives, once brackets are gone.
    expression.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|licence| allowed.iter().any(|known| known == licence.trim()))
    })
}

#[test]
fn licences_are_allowed_and_sources_are_the_registry() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 300, "{}", packages.len());
    let (allowed, clarified) = policy();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if name == env!("CARGO_PKG_NAME") {
            continue;
        }
        let licence = package["license"].as_str();
        let fine = match licence {
            Some(licence) => allows(licence, &allowed),
            None => clarified.iter().any(|known| known == name),
        };
        let source = package["source"].as_str().unwrap_or_default();
        if !fine || !source.starts_with("registry+https://github.com/rust-lang/crates.io-index") {
            wrong.push(format!("{name}: {licence:?} from {source}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_licence_that_is_not_allowed_is_found() {
    let (allowed, _) = policy();
    assert!(allows("MIT/Apache-2.0", &allowed));
    assert!(allows("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
    assert!(allows("MIT OR GPL-3.0-only", &allowed));
    assert!(!allows("GPL-3.0-only", &allowed));
    assert!(!allows("MIT AND AGPL-3.0-only", &allowed));
}
