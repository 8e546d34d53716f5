//! What is put beside the segments for a person to look at. Nothing there is ever written over, and nothing of the spool
//! is thrown away unseen.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::segment::private;

/// Bytes that were found and are no events, or a segment that has gone but for some of it.
const DAMAGED: &str = "damaged";
/// A segment that the disk does not give back.
const UNREADABLE: &str = "unreadable";

/// One that cannot be read keeps none of the others back.
pub(super) fn put_away(path: &Path, why: &io::Error) -> io::Result<()> {
    let away = beside(path, UNREADABLE)?;
    fs::rename(path, &away)?;
    let (from, kept_in) = (path.display(), away.display());
    tracing::error!(error = %why, %from, %kept_in, "a segment of the spool cannot be read");
    Ok(())
}

/// A whole segment in which there is something that is no event.
pub(super) fn keep_damaged(path: &Path) -> io::Result<()> {
    let kept = beside(path, DAMAGED)?;
    fs::rename(path, &kept)?;
    let (from, kept_in) = (path.display(), kept.display());
    tracing::error!(%from, %kept_in, "a segment holds bytes that are no event: a torn tail, or a damaged disk");
    Ok(())
}

/// What stands behind the last event of a segment, before it is cut off; durable with its name.
pub(super) fn keep_torn(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let kept = beside(path, DAMAGED)?;
    let mut file = private().create_new(true).append(true).open(&kept)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder)?.sync_all());
    if let Err(error) = written {
        fs::remove_file(&kept).ok();
        return Err(error);
    }
    let (from, kept_in) = (path.display(), kept.display());
    tracing::error!(bytes = bytes.len(), %from, %kept_in, "bytes in the spool are no event: a torn tail, or a damaged disk");
    Ok(())
}

/// A name that nothing has: 7.damaged, 7.2.damaged, and so on.
fn beside(path: &Path, extension: &str) -> io::Result<PathBuf> {
    let mut free = path.with_extension(extension);
    let mut copy = 1;
    while free.try_exists()? {
        copy += 1;
        free = path.with_extension(format!("{copy}.{extension}"));
    }
    Ok(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("00000000000000000007.spool");
        let why = io::Error::other("why");
        for content in ["first", "second"] {
            fs::write(&path, content).unwrap();
            put_away(&path, &why).unwrap();
            keep_torn(&path, content.as_bytes()).unwrap();
        }
        fs::write(&path, "third").unwrap();
        keep_damaged(&path).unwrap();
        for (extension, content) in [
            ("unreadable", "first"),
            ("2.unreadable", "second"),
            ("damaged", "first"),
            ("2.damaged", "second"),
            ("3.damaged", "third"),
        ] {
            assert_eq!(fs::read_to_string(path.with_extension(extension)).unwrap(), content);
        }
        assert!(!path.exists());
    }
}
