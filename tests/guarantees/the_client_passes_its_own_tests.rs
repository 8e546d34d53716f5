//! The TypeScript client's own tests, which need Node.js and no notifier; among them that `dist` is what its sources
//! compile to.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use curbe_tests::stack::node;
use tokio::process::Command;

use crate::fixture::client::folder;

#[tokio::test]
async fn all_of_them() {
    node::packages(&folder()).await.unwrap();
    let mut command = Command::new(node::program().unwrap());
    command.current_dir(folder()).arg("--test").args(tests()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("\n# fail 0\n"), "{shown}");
}

fn tests() -> Vec<PathBuf> {
    let files = fs::read_dir(folder().join("test")).unwrap();
    let mut tests: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    tests.retain(|path| path.extension() == Some(OsStr::new("js")));
    assert!(!tests.is_empty());
    tests
}
