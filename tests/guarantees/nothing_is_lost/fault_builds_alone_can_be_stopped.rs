//! Kill points are in fault builds alone.

use std::fs;
use std::path::Path;

use curbe_tests::faults::builds;
use curbe_tests::stack::paths;

#[tokio::test]
async fn by_their_marker() {
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
