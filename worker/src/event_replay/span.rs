//! Which part of the stream is sent through again, and whether it has room for the copies.

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::Stream;
use curbe_platform::queue::STREAM;
use time::OffsetDateTime;

use super::{EventReplayError, look};
use crate::retention::{first_younger, full_from};

/// A part of the stream, by its sequences, both inclusive; empty where the last is below the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// What the stream holds begins later than was asked for: what came before may have been purged.
    pub is_cut: bool,
}

impl Span {
    /// How many messages it has.
    #[must_use]
    pub fn messages(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }
}

/// What the stream holds from one instant to another, the latter exclusive, at this moment: what comes in later, its own
/// copies too, is no part of it. The copies of an earlier run, which are not sent, need no room.
///
/// # Errors
/// The queue does not answer, or has no room for the copies.
pub async fn span(
    context: &Context,
    since: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> Result<Span, EventReplayError> {
    let stream = context.get_stream(STREAM).await;
    let stream = stream.map_err(|error| EventReplayError::Queue(error.into()))?;
    let span = find(&stream, since, until).await.map_err(EventReplayError::Queue)?;
    let info = stream.cached_info();
    let full = full_from(info.config.max_bytes);
    let is_room = |messages| has_room(info.state.bytes, info.state.messages, messages, full);
    if is_room(span.messages()).is_err() {
        // Counted only where it matters: every message has to be read for it.
        is_room(look(context, span, &|_| {}).await?.sent)?;
    }
    Ok(span)
}

/// Whether the stream stays below `full` with copies of `messages` of its `of` messages, by their average size: nobody
/// knows either what else comes in meanwhile.
fn has_room(held: u64, of: u64, messages: u64, full: u64) -> Result<(), EventReplayError> {
    let more = u128::from(held) * u128::from(messages) / u128::from(of.max(1));
    let more = u64::try_from(more).unwrap_or(u64::MAX);
    if messages > 0 && held.saturating_add(more) >= full {
        return Err(EventReplayError::NoRoom { held, messages, more, full });
    }
    Ok(())
}

async fn find(
    stream: &Stream,
    since: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> anyhow::Result<Span> {
    let state = &stream.cached_info().state;
    let (first, last) = (state.first_sequence, state.last_sequence);
    if state.messages == 0 {
        return Ok(Span { first, last: first.saturating_sub(1), is_cut: last > 0 });
    }
    let from = first_younger(stream, first, last, since).await?;
    let last = match until {
        Some(until) => first_younger(stream, first, last, until).await? - 1,
        None => last,
    };
    Ok(Span { first: from, last, is_cut: from == first && first > 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_never_fill_the_stream_so_far_that_it_is_purged() {
        for (held, of, messages, is_room) in [
            (500, 10, 5, true),
            (500, 10, 6, false),
            (400, 10, 10, false),
            (399, 10, 10, true),
            (900, 10, 0, true),
            (0, 0, 0, true),
        ] {
            let room = has_room(held, of, messages, 800);
            assert_eq!(room.is_ok(), is_room, "{held} {of} {messages}");
        }
        assert!(has_room(u64::MAX / 2, 10, 10, u64::MAX).is_ok());
    }
}
