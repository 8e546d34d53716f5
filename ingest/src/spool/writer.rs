//! The one that writes: a thread that takes whatever waits, writes it in one piece, syncs it once, and only then says yes.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::SpoolError;
use super::backlog::Backlog;
use super::frame::{Parts, SEGMENT_HEAD_BYTES, SegmentName};
use super::progress::Place;
use super::segment::Directory;

/// A segment is removed whole, so it must not grow for ever.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// What is synced together.
const GROUP_EVENTS: usize = 512;
const GROUP_BYTES: usize = 2 * 1024 * 1024;

/// What the writer is asked for.
pub(super) enum Order {
    /// Keep an event.
    Append(Append),
    /// See whether the disk takes anything, after it did not.
    Try,
    /// Write nothing more to this segment, whose events have all gone.
    Close(u64),
}

/// An event, and who waits for it to be durable.
pub(super) struct Append {
    pub(super) event: Parts,
    pub(super) reply: oneshot::Sender<Result<Place, SpoolError>>,
}

pub(super) struct Writer {
    directory: Directory,
    backlog: Arc<Backlog>,
    bytes_max: usize,
    number: u64,
    open: Option<Open>,
}

/// The segment that is being written.
struct Open {
    number: u64,
    name: SegmentName,
    file: File,
    bytes: usize,
}

impl Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        if self.file.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "its file was removed"));
        }
        Ok(())
    }
}

impl Writer {
    pub(super) fn new(
        directory: Directory,
        backlog: Arc<Backlog>,
        bytes_max: usize,
    ) -> io::Result<Self> {
        let number = directory.next_number()?;
        Ok(Self { directory, backlog, bytes_max, number, open: None })
    }

    /// Until nobody can ask any more.
    pub(super) fn run(mut self, mut orders: Receiver<Order>) {
        while let Some(order) = orders.blocking_recv() {
            let (mut group, mut bytes) = (Vec::new(), 0);
            let mut next = Some(order);
            let mut last = None;
            while let Some(order) = next {
                match order {
                    Order::Append(append) => {
                        bytes += append.event.bytes();
                        group.push(append);
                    }
                    Order::Try | Order::Close(_) => {
                        last = Some(order);
                        break;
                    }
                }
                let is_full = group.len() >= GROUP_EVENTS || bytes >= GROUP_BYTES;
                next = if is_full { None } else { orders.try_recv().ok() };
            }
            self.keep(group, bytes);
            match last {
                Some(Order::Close(number)) => self.close(number),
                Some(Order::Try) => self.try_disk(),
                Some(Order::Append(_)) | None => {}
            }
        }
    }

    /// Writes a group and answers for it. Whoever waits no longer has told the provider no.
    fn keep(&mut self, group: Vec<Append>, bytes: usize) {
        if group.is_empty() {
            return;
        }
        let outcome = self.write(&group, bytes);
        for Append { reply, .. } in group {
            reply.send(outcome.clone()).ok();
        }
    }

    fn write(&mut self, group: &[Append], bytes: usize) -> Result<Place, SpoolError> {
        if !self.backlog.make_room(bytes + SEGMENT_HEAD_BYTES, self.bytes_max) {
            return Err(SpoolError::Full);
        }
        let written = self.append(group);
        self.backlog.wrote(written.is_ok());
        written.map_err(|error| {
            tracing::error!(%error, "the spool cannot be written");
            SpoolError::Unwritable(error.to_string())
        })
    }

    fn append(&mut self, group: &[Append]) -> io::Result<Place> {
        let mut open = self.writable()?;
        let mut bytes = Vec::new();
        for Append { event, .. } in group {
            open.name.write(open.bytes + bytes.len(), event, &mut bytes);
        }
        let begun = Instant::now();
        let written = open.write(&bytes);
        metrics::histogram!("curbe_spool_sync_seconds").record(begun.elapsed());
        if let Err(error) = written {
            // After a failed sync nobody knows what of it is on the disk, and asking again would not tell: nothing more
            // is written to this file, and what was is cut off, as far as it lets us.
            open.file.set_len(u64::try_from(open.bytes).unwrap_or(u64::MAX)).ok();
            self.backlog.close(open.number);
            return Err(error);
        }
        open.bytes += bytes.len();
        self.backlog.grow(open.number, bytes.len(), group.len());
        let place = Place { number: open.number, end: open.bytes };
        self.open = Some(open);
        Ok(place)
    }

    fn try_disk(&mut self) {
        if let Ok(mut open) = self.writable() {
            match open.write(&[]) {
                Ok(()) => self.open = Some(open),
                Err(_) => self.backlog.close(open.number),
            }
        }
        self.backlog.wrote(self.open.is_some());
    }

    fn writable(&mut self) -> io::Result<Open> {
        if let Some(open) = self.open.take() {
            if open.bytes < SEGMENT_BYTES {
                return Ok(open);
            }
            self.backlog.close(open.number);
        }
        let (number, name) = (self.number, SegmentName::random());
        // A number is used once, whatever becomes of its file.
        self.number += 1;
        let (path, file) = self.directory.create(number, name)?;
        self.backlog.begin(number, path);
        Ok(Open { number, name, file, bytes: SEGMENT_HEAD_BYTES })
    }

    fn close(&mut self, number: u64) {
        if self.open.as_ref().is_some_and(|open| open.number == number) {
            self.open = None;
        }
        self.backlog.close(number);
    }
}
