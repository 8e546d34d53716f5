//! What an earlier process has left in a segment.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use super::aside::{keep_damaged, keep_torn};
use super::count_cut;
use super::frame::{Found, Frames, SEGMENT_HEAD_BYTES, SegmentName};

/// What there is to be read of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recovered {
    /// Its head included.
    pub(super) bytes: usize,
    /// Events in them.
    pub(super) events: usize,
}

/// Cuts off what was being written when the process died: nobody was told that it is kept. `None`: nothing is left.
pub(super) fn recover(path: &Path) -> io::Result<Option<Recovered>> {
    let content = fs::read(path)?;
    let (end_of_last, events) = match SegmentName::of(&content) {
        Some(name) => read(name, &content),
        // No event is written before the head is durable.
        None if content.len() <= SEGMENT_HEAD_BYTES => (0, 0),
        None => return Err(io::Error::new(io::ErrorKind::InvalidData, "its head is damaged")),
    };
    let torn = &content[end_of_last..];
    count_cut(torn.len());
    if events == 0 {
        if torn.is_empty() {
            fs::remove_file(path)?;
        } else {
            keep_damaged(path)?;
        }
        return Ok(None);
    }
    let bytes = match cut(path, end_of_last, torn) {
        Ok(()) => end_of_last,
        Err(error) => {
            // It stays, and is met again as damage: no reason to keep the events before it back.
            tracing::error!(%error, path = %path.display(), "a torn tail cannot be put beside");
            content.len()
        }
    };
    Ok(Some(Recovered { bytes, events }))
}

/// Where the last event ends, and how many there are. What stands between them and is none is met when it is sent.
fn read(name: SegmentName, content: &[u8]) -> (usize, usize) {
    let (mut offset, mut end_of_last, mut events) = (SEGMENT_HEAD_BYTES, SEGMENT_HEAD_BYTES, 0);
    for found in Frames::new(name, offset, &content[offset..]) {
        match found {
            Found::Event(_, bytes) => {
                offset += bytes;
                end_of_last = offset;
                events += 1;
            }
            Found::Damage(bytes) => offset += bytes,
        }
    }
    (end_of_last, events)
}

fn cut(path: &Path, end: usize, torn: &[u8]) -> io::Result<()> {
    if torn.is_empty() {
        return Ok(());
    }
    keep_torn(path, torn)?;
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(u64::try_from(end).unwrap_or(u64::MAX))?;
    file.sync_all()
}
