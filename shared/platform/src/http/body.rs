//! A request's body, whole, within a size and a time.

use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout_at};

/// As much of a body that is too large as is read and thrown away: closing over unread bytes resets the connection, and
/// a client that is still writing would never see the answer.
const DISCARD_BYTES_MAX: usize = 1024 * 1024;

/// Why a body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The client went away, or sent no HTTP.
    #[error("the body broke off")]
    Broken,
}

/// Reads a body of at most `bytes_max` bytes within `timeout`.
///
/// # Errors
/// It is too large, too slow, or broken off.
pub async fn read_body<B>(
    mut body: B,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let deadline = Instant::now() + timeout;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced <= bytes_max {
        let collected = Limited::new(&mut body, bytes_max).collect();
        match timeout_at(deadline, collected).await {
            Ok(Ok(collected)) => return Ok(collected.to_bytes()),
            Ok(Err(error)) if !error.is::<LengthLimitError>() => return Err(BodyError::Broken),
            Ok(Err(_)) => {}
            Err(_) => return Err(BodyError::TimedOut),
        }
    }
    if announced <= DISCARD_BYTES_MAX {
        // What comes of it, time running out included, is the same refusal.
        timeout_at(deadline, discard(body)).await.unwrap_or_default();
    }
    Err(BodyError::TooLarge)
}

async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let mut discarded = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > DISCARD_BYTES_MAX {
            return;
        }
    }
}
