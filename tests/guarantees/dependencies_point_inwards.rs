//! Which crate may use which, held against the manifests; no float where money is; no file that is named after nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use curbe_tests::stack::paths;
use serde_json::Value;

const SERVICES: [&str; 3] = ["curbe-ingest", "curbe-worker", "curbe-notifier"];
/// Who must do without what.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "curbe-domain",
        &[
            "tokio",
            "hyper",
            "axum",
            "sqlx",
            "async-nats",
            "redis",
            "reqwest",
            "curbe-platform",
            "curbe-ingest",
            "curbe-worker",
            "curbe-notifier",
        ],
    ),
    ("curbe-platform", &["sqlx", "curbe-ingest", "curbe-worker", "curbe-notifier"]),
    ("curbe-ingest", &["sqlx", "curbe-worker", "curbe-notifier"]),
    ("curbe-worker", &["curbe-ingest", "curbe-notifier"]),
    ("curbe-notifier", &["async-nats", "curbe-ingest", "curbe-worker"]),
];
/// Where money is counted.
const NO_FLOATS: [&str; 4] =
    ["shared/domain/src", "worker/src/ledger", "worker/src/settlement", "worker/src/store"];
const NAMES_OF_NOTHING: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "misc"];

/// What each crate of ours uses; not what its tests do.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(paths::workspace())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&metadata.stderr)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let used = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|one| one["kind"] != "dev").map(|one| text(&one["name"])).collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (text(&package["name"]), used(package))).collect()
}

/// All files below a folder that end like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let entries = entries.map(|entry| entry.unwrap().path());
    let nested =
        entries.flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] });
    nested.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

#[test]
fn no_crate_uses_what_it_must_not() {
    let dependencies = dependencies();
    for (name, forbidden) in FORBIDDEN {
        let used = &dependencies[name];
        let wrong: Vec<_> = used.iter().filter(|one| forbidden.contains(&one.as_str())).collect();
        assert!(wrong.is_empty(), "{name} depends on {wrong:?}");
    }
    for service in SERVICES {
        assert!(dependencies[service].iter().any(|one| one == "curbe-platform"), "{service}");
    }
}

/// Whoever asked for it in a manifest would have it in every build.
#[test]
fn nobody_asks_for_kill_points() {
    for (manifest, said) in [
        ("Cargo.toml", None),
        ("notifier/Cargo.toml", None),
        ("tests/Cargo.toml", None),
        ("shared/platform/Cargo.toml", Some("kill-points = []")),
        ("ingest/Cargo.toml", Some(r#"kill-points = ["curbe-platform/kill-points"]"#)),
        ("worker/Cargo.toml", Some(r#"kill-points = ["curbe-platform/kill-points"]"#)),
    ] {
        let text = fs::read_to_string(paths::workspace().join(manifest)).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("kill-points")).collect();
        assert_eq!(lines, said.into_iter().collect::<Vec<_>>(), "{manifest}");
    }
}

#[test]
fn no_money_is_a_float() {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    for folder in NO_FLOATS {
        let sources = files(&paths::workspace().join(folder), ".rs");
        assert!(!sources.is_empty(), "{folder}");
        for source in sources {
            let text = fs::read_to_string(&source).unwrap();
            let float = text.split(|c| !is_word(c)).find(|word| matches!(*word, "f32" | "f64"));
            assert_eq!(float, None, "{}", source.display());
        }
    }
    let manifest = fs::read_to_string(paths::workspace().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("float_arithmetic = "), "the lint is off");
}

#[test]
fn every_file_says_in_its_name_what_it_is_about() {
    for folder in ["shared", "ingest", "worker", "notifier", "tests"] {
        for source in files(&paths::workspace().join(folder), ".rs") {
            let parts = source.iter().map(|part| part.to_string_lossy().to_lowercase());
            let empty = parts
                .map(|part| part.trim_end_matches(".rs").to_owned())
                .find(|part| NAMES_OF_NOTHING.contains(&part.as_str()));
            assert_eq!(empty, None, "{}", source.display());
        }
    }
}
