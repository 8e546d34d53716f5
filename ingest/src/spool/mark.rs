//! How much of a segment has gone, noted beside it for the next process. That sends all of it again, which the keys make
//! harmless; but the holds of calls that the queue knows of may be settled by then, and are not set aside again.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::segment::private;

const EXTENSION: &str = "gone";

/// Notes that the queue has all before this place. Not synced: what a loss of power takes with it is set aside once more,
/// until somebody looks whether anything stands behind it.
pub(super) fn write(segment: &Path, place: usize) -> io::Result<()> {
    let mut file = private().create(true).write(true).truncate(false).open(beside(segment))?;
    // Always as long, so that what is written over is gone.
    file.write_all(format!("{place:020}").as_bytes())
}

/// What an earlier process has noted; 0 where nothing can be read.
pub(super) fn read(segment: &Path) -> usize {
    let noted = fs::read_to_string(beside(segment)).ok();
    noted.and_then(|noted| noted.parse().ok()).unwrap_or(0)
}

/// As if removing what is gone already had worked.
pub(super) fn remove(segment: &Path) -> io::Result<()> {
    match fs::remove_file(beside(segment)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn beside(segment: &Path) -> PathBuf {
    segment.with_extension(EXTENSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let segment = folder.path().join("00000000000000000007.spool");
        assert_eq!(read(&segment), 0);
        for place in [usize::MAX, 8_000_000, 20] {
            write(&segment, place).unwrap();
            assert_eq!(read(&segment), place);
        }
        fs::write(segment.with_extension("gone"), "half a num").unwrap();
        assert_eq!(read(&segment), 0);
        remove(&segment).unwrap();
        remove(&segment).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
