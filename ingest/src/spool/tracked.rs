//! One segment as the backlog knows it: how much of it is durable, and how much has gone.

use std::path::PathBuf;
use std::time::Instant;
use std::{fs, io};

use super::aside::keep_damaged;
use super::frame::SEGMENT_HEAD_BYTES;
use super::mark;

/// A segment, and how far it is.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// Durable bytes and the events in them.
    pub(super) bytes: usize,
    pub(super) events: usize,
    /// How many of both have gone.
    pub(super) gone_bytes: usize,
    pub(super) gone_events: usize,
    pub(super) is_closed: bool,
    /// Something in it is no event: a person gets it whole once the rest has gone.
    pub(super) is_damaged: bool,
    /// Up to here it has gone at least once, also in an earlier process.
    pub(super) known_to: usize,
    pub(super) begun: Instant,
    pub(super) gone_at: Option<Instant>,
}

impl Tracked {
    pub(super) fn new(number: u64, path: PathBuf) -> Self {
        Self {
            number,
            path,
            bytes: SEGMENT_HEAD_BYTES,
            events: 0,
            gone_bytes: SEGMENT_HEAD_BYTES,
            gone_events: 0,
            is_closed: false,
            is_damaged: false,
            known_to: 0,
            begun: Instant::now(),
            gone_at: None,
        }
    }

    pub(super) fn has_gone(&self) -> bool {
        self.gone_bytes >= self.bytes
    }

    /// Whether it is there for safety alone.
    pub(super) fn is_only_kept(&self) -> bool {
        self.is_closed && self.has_gone()
    }

    /// As if removing what is gone already had worked.
    pub(super) fn remove_file(&self) -> io::Result<()> {
        mark::remove(&self.path)?;
        let removed =
            if self.is_damaged { keep_damaged(&self.path) } else { fs::remove_file(&self.path) };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
