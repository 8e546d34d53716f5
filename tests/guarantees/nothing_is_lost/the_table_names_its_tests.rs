//! `tests/FAULTS.md` says what every row of the matrix is tested by; these tests are there, and only fault builds have kill
//! points.

use std::fs;
use std::path::Path;

use curbe_tests::faults::builds;
use curbe_tests::stack::paths;

#[test]
fn every_test_in_the_table_is_there() {
    let guarantees = paths::workspace().join("tests/guarantees");
    let table = fs::read_to_string(paths::workspace().join("tests/FAULTS.md")).unwrap();
    // `folder::file::test` between backquotes.
    let named: Vec<&str> = table.split('`').filter(|word| word.contains("::")).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let (module, test) = name.rsplit_once("::").unwrap();
        let path = guarantees.join(module.replace("::", "/"));
        let sources = [path.with_extension("rs"), path.join("mod.rs")];
        let source = sources.iter().find_map(|source| fs::read_to_string(source).ok());
        let source = source.unwrap_or_else(|| panic!("{name}: no such module"));
        assert!(source.contains(&format!("fn {test}(")), "{name}: no such test");
    }
}

#[tokio::test]
async fn only_fault_builds_can_be_stopped() {
    let faults = builds::with_kill_points().await.unwrap();
    let ordinary = paths::binaries().unwrap();
    let release = ordinary.with_file_name("release");
    for program in ["curbe-ingest", "curbe-worker"] {
        assert!(has_marker(&faults.join(program)), "{program} of the fault build");
        assert!(!has_marker(&ordinary.join(program)), "{program}");
        let release = release.join(program);
        assert!(!release.is_file() || !has_marker(&release), "{}", release.display());
    }
}

fn has_marker(program: &Path) -> bool {
    let bytes = fs::read(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let marker = builds::MARKER.as_bytes();
    bytes.windows(marker.len()).any(|window| window == marker)
}
