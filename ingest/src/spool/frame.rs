//! How an event stands in a segment: length, checksum, then the event itself. Pure.
//!
//! The checksum covers the segment's own random name and the frame's place in it. So a frame is one only where it was
//! written: bytes that look like one inside somebody's webhook are none, and after a damaged place the next real frame
//! can be found.

use async_nats::{HeaderMap, HeaderName};
use crc::{CRC_32_ISCSI, Crc};
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};

use crate::publisher::Outgoing;

const MAGIC: [u8; 4] = *b"CEv1";
const SEGMENT_MAGIC: [u8; 4] = *b"CSp1";
/// Magic, two lengths, checksum.
const HEAD_BYTES: usize = 16;
/// Magic and the random name.
pub(super) const SEGMENT_HEAD_BYTES: usize = 20;
/// More than the largest request's head or body.
const PART_BYTES_MAX: usize = 256 * 1024;

/// CRC-32C, RFC 3720 appendix B.4.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// What makes a segment this one and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentName([u8; 16]);

/// Subject and headers; the body stands behind them as it came.
#[derive(Serialize, Deserialize)]
struct Meta {
    subject: String,
    headers: Vec<(String, String)>,
}

/// An event ready to be written.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    lengths: [u32; 2],
    meta: Vec<u8>,
    body: Bytes,
}

impl Parts {
    /// `Err` if it could not be read back.
    pub(super) fn of(event: &Outgoing) -> Result<Self, TooLarge> {
        let headers = event.headers.iter().flat_map(|(name, values)| {
            values.iter().map(move |value| (name.to_string(), value.to_string()))
        });
        let meta = Meta { subject: event.subject.clone(), headers: headers.collect() };
        let meta = serde_json::to_vec(&meta).map_err(|_| TooLarge)?;
        let lengths = [length(&meta)?, length(&event.body)?];
        Ok(Self { lengths, meta, body: event.body.clone() })
    }

    /// What it takes of a segment.
    pub(super) fn bytes(&self) -> usize {
        HEAD_BYTES + self.meta.len() + self.body.len()
    }
}

/// What is found in a segment, with the bytes that it takes.
#[derive(Debug)]
pub(super) enum Found {
    /// An event.
    Event(Box<Outgoing>, usize),
    /// No event; behind it comes one, or the end.
    Damage(usize),
}

/// What stands in a part of a segment, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Frames<'b> {
    name: SegmentName,
    /// Of the segment.
    offset: usize,
    rest: &'b [u8],
}

impl<'b> Frames<'b> {
    /// Reads a part that begins at `offset` of its segment.
    pub(super) fn new(name: SegmentName, offset: usize, part: &'b [u8]) -> Self {
        Self { name, offset, rest: part }
    }

    fn event(&self, skipped: usize) -> Option<(Outgoing, usize)> {
        let rest = self.rest.get(skipped..)?;
        let head = rest.get(..HEAD_BYTES)?.strip_prefix(&MAGIC)?;
        let mut numbers =
            head.chunks_exact(4).filter_map(|part| part.try_into().ok().map(u32::from_le_bytes));
        let (lengths, checksum) = ([numbers.next()?, numbers.next()?], numbers.next()?);
        let [meta_bytes, body_bytes] = lengths.map(|length| usize::try_from(length).ok());
        let (meta_bytes, body_bytes) = (meta_bytes?, body_bytes?);
        if meta_bytes > PART_BYTES_MAX || body_bytes > PART_BYTES_MAX {
            return None;
        }
        let end_of_meta = HEAD_BYTES + meta_bytes;
        let (meta, body) =
            (rest.get(HEAD_BYTES..end_of_meta)?, rest.get(end_of_meta..end_of_meta + body_bytes)?);
        if checksum != self.name.checksum(self.offset + skipped, lengths, meta, body) {
            return None;
        }
        let Meta { subject, headers: pairs } = serde_json::from_slice(meta).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().ok()?, value);
        }
        let body = Bytes::copy_from_slice(body);
        Some((Outgoing { subject, headers, body }, end_of_meta + body_bytes))
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.offset += bytes;
    }
}

impl Iterator for Frames<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some((event, bytes)) = self.event(0) {
            self.skip(bytes);
            return Some(Found::Event(Box::new(event), bytes));
        }
        let rest = self.rest;
        let begins_at = |at: &usize| rest[*at..].starts_with(&MAGIC) && self.event(*at).is_some();
        let bytes = (1..rest.len()).find(begins_at).unwrap_or(rest.len());
        self.skip(bytes);
        Some(Found::Damage(bytes))
    }
}

impl SegmentName {
    pub(super) fn random() -> Self {
        Self(uuid::Uuid::new_v4().into_bytes())
    }

    /// What a segment begins with.
    pub(super) fn head(self) -> [u8; SEGMENT_HEAD_BYTES] {
        let mut head = [0; SEGMENT_HEAD_BYTES];
        head[..4].copy_from_slice(&SEGMENT_MAGIC);
        head[4..].copy_from_slice(&self.0);
        head
    }

    /// Reads what [`Self::head`] wrote; `None` where it never was written whole.
    pub(super) fn of(segment: &[u8]) -> Option<Self> {
        let name = segment.get(..SEGMENT_HEAD_BYTES)?.strip_prefix(&SEGMENT_MAGIC)?;
        name.try_into().ok().map(Self)
    }

    /// Appends an event to what is going to stand at `offset` of this segment.
    pub(super) fn write(self, offset: usize, event: &Parts, into: &mut Vec<u8>) {
        let Parts { lengths, meta, body } = event;
        into.extend(MAGIC);
        into.extend(lengths[0].to_le_bytes());
        into.extend(lengths[1].to_le_bytes());
        into.extend(self.checksum(offset, *lengths, meta, body).to_le_bytes());
        into.extend(meta);
        into.extend(&body[..]);
    }

    fn checksum(self, offset: usize, lengths: [u32; 2], meta: &[u8], body: &[u8]) -> u32 {
        let mut digest = CHECKSUM.digest();
        digest.update(&self.0);
        digest.update(&offset.to_le_bytes());
        digest.update(&lengths[0].to_le_bytes());
        digest.update(&lengths[1].to_le_bytes());
        digest.update(meta);
        digest.update(body);
        digest.finalize()
    }
}

/// An event that is larger than any webhook may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is larger than a webhook may be")]
pub(crate) struct TooLarge;

fn length(part: &[u8]) -> Result<u32, TooLarge> {
    if part.len() > PART_BYTES_MAX {
        return Err(TooLarge);
    }
    u32::try_from(part.len()).map_err(|_| TooLarge)
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
