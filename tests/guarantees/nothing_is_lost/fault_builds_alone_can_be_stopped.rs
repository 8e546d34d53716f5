//! Kill points are in fault builds alone. Release builds are looked at where they are made: `make bench` measures none
//! that can be stopped.

use std::fs;

use curbe_tests::faults::builds;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::paths;

#[tokio::test]
async fn by_their_marker() {
    let ordinary = paths::binaries().unwrap();
    builds::none_can_be_stopped(&ordinary).unwrap();

    let faults = builds::with_kill_points().await.unwrap();
    for program in ["curbe-ingest", "curbe-worker"] {
        let mixed = TestDirectory::new("mixed").unwrap();
        for other in ["curbe-ingest", "curbe-worker", "curbe-notifier", "curbe"] {
            let from = if other == program { &faults } else { &ordinary };
            std::os::unix::fs::symlink(from.join(other), mixed.path().join(other)).unwrap();
        }
        let refused = builds::none_can_be_stopped(mixed.path()).unwrap_err().to_string();
        assert!(refused.contains(program), "{refused}");
        fs::remove_file(mixed.path().join(program)).unwrap();
        assert!(builds::none_can_be_stopped(mixed.path()).is_err(), "one is not there");
    }
}
