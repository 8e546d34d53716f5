//! Folders of tests: removed after success, kept after a panic.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;

use super::{family, paths};

/// Stands in a folder that is kept for whoever looks for the cause.
const FAILED: &str = "FAILED";
/// How long it is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of one test, below `.local/test`.
#[derive(Debug)]
pub struct TestDirectory {
    path: PathBuf,
}

impl TestDirectory {
    /// A new folder with `name` in its name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        static SWEPT: Once = Once::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = paths::local().join("test");
        SWEPT.call_once(|| sweep(&folder));
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it, as after a panic.
    pub fn keep(&self) {
        // Marking is a help for a person, and this may run while a panic unwinds.
        drop(fs::write(self.path.join(FAILED), ""));
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep();
            drop(writeln!(std::io::stderr(), "The servers' logs are in {}", self.path.display()));
        } else {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

/// Removes what test processes that have ended left behind: a killed one removes nothing, and the
/// database server that a process shares among its tests ends only after it.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.split('-').next()?.parse().ok());
        let ended = owner.is_some_and(|pid| family::started(pid).is_none());
        if ended && !recently_failed(&entry.path()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn recently_failed(folder: &Path) -> bool {
    let marked = fs::metadata(folder.join(FAILED)).and_then(|mark| mark.modified());
    marked.is_ok_and(|when| when.elapsed().is_ok_and(|age| age < KEPT))
}
