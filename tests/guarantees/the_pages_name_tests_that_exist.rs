//! What the pages beside the tests say is proven has a test: each that they name is there.

use std::fs;
use std::path::{Path, PathBuf};

use curbe_tests::stack::paths;

/// Where tests are.
const SOURCES: [&str; 6] =
    ["ingest/src", "notifier/src", "shared", "worker/src", "tests/src", "tests/guarantees"];

#[test]
fn of_hardening() {
    names_tests_that_exist("tests/HARDENING.md");
}

/// Every `` `file::test` `` of a page is a test of that name in a file of that name.
fn names_tests_that_exist(page: &str) {
    let text = fs::read_to_string(paths::workspace().join(page)).unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let named: Vec<(&str, &str)> = quoted.filter_map(|name| name.rsplit_once("::")).collect();
    assert!(!named.is_empty(), "{page} names no test");
    let mut files = Vec::new();
    SOURCES.iter().for_each(|folder| collect(&paths::workspace().join(folder), &mut files));
    let missing: Vec<String> = named
        .into_iter()
        .filter(|(file, test)| !files.iter().any(|path| has(path, file, test)))
        .map(|(file, test)| format!("{file}::{test}"))
        .collect();
    assert_eq!(missing, [""; 0], "{page} names tests that do not exist");
}

/// Whether a source file, or the folder that it is the root of, is called like this and has the test.
fn has(path: &Path, file: &str, test: &str) -> bool {
    let ending = format!("/{}", file.replace("::", "/"));
    let text = path.to_string_lossy();
    let is_called =
        text.ends_with(&format!("{ending}.rs")) || text.ends_with(&format!("{ending}/mod.rs"));
    is_called && fs::read_to_string(path).unwrap().contains(&format!("fn {test}("))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}
