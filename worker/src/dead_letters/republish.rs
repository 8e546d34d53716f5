//! A dead letter as a message: onto the subject that it came on, with its headers and bytes, under a new message id. The
//! old id would be swallowed by the server's window, with a positive answer.

use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderName, HeaderValue, NATS_MESSAGE_ID};
use async_nats::jetstream::Context;
use bytes::Bytes;
use curbe_platform::queue::message::Received;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use crate::settlement::message::Message;
use crate::store::dead_letters::Letter;

/// What the server reads itself: meant for the first time only.
const OF_THE_SERVER: &str = "nats-";
/// A server that restarts is back by then.
pub(crate) const TRIES: u32 = 5;
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

/// It is not known to be on the queue.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take it: {0}")]
pub struct NotPublished(String);

/// The id of a letter's message in a run.
#[must_use]
pub fn message_id(run: Uuid, letter: Uuid) -> String {
    format!("replay:{run}:{letter}")
}

/// The headers that a letter came with, without those that the server reads itself.
#[must_use]
pub fn headers(kept: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let named = kept.as_object().into_iter().flatten();
    for (name, values) in named.filter(|(name, _)| !is_the_servers(name)) {
        let Ok(name) = name.parse::<HeaderName>() else { continue };
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        for value in values.filter_map(|value| value.parse::<HeaderValue>().ok()) {
            headers.append(name.clone(), value);
        }
    }
    headers
}

/// Whether a header tells the server what to do.
#[must_use]
pub fn is_the_servers(name: &str) -> bool {
    name.get(..OF_THE_SERVER.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(OF_THE_SERVER))
}

/// A letter as settlement sees it once it is delivered again; `place` stands for its place in the stream.
#[must_use]
pub fn message(letter: &Letter, place: u64) -> Message {
    let received = Received::from_headers(Some(&headers(&letter.headers)));
    Message {
        subject: letter.row.subject.clone(),
        headers: letter.headers.clone(),
        received_at: received.received_at.unwrap_or(letter.row.received_at),
        received,
        payload: Bytes::from(letter.payload.clone()),
        attempts: 1,
        stream_sequence: place,
    }
}

/// Publishes and waits for the server's word that it is kept; tried again, the same message is kept once. Returns its
/// place in the stream.
///
/// # Errors
/// [`NotPublished`]: it may be there even so.
pub async fn publish(
    context: &Context,
    subject: &str,
    mut headers: HeaderMap,
    message_id: &str,
    payload: Bytes,
) -> Result<u64, NotPublished> {
    headers.insert(NATS_MESSAGE_ID, message_id);
    let mut failure = String::new();
    for tried in 0..TRIES {
        sleep(PAUSE * tried).await;
        let sent =
            context.publish_with_headers(subject.to_owned(), headers.clone(), payload.clone());
        let acked = match sent.await {
            Ok(ack) => ack.await,
            Err(error) => Err(error),
        };
        match acked {
            Ok(ack) => return Ok(ack.sequence),
            Err(error) => failure = error.to_string(),
        }
    }
    Err(NotPublished(failure))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_go_out_as_they_came_but_for_the_servers() {
        let kept = json!({
            "Curbe-Provider": ["twilio"],
            "Several": ["a", "b"],
            "Nats-Msg-Id": ["twilio:CA1"],
            "nats-rollup": ["all"],
            "Broken": ["a\r\nNats-Rollup: all"],
            "Bro:ken": ["a"],
            "Strange": "no list",
        });
        let headers = headers(&kept);
        let all = |name: &str| {
            let values = headers.get_all(name).map(|value| value.as_str().to_owned());
            values.collect::<Vec<_>>()
        };
        assert_eq!(all("Curbe-Provider"), ["twilio"]);
        assert_eq!(all("Several"), ["a", "b"]);
        for gone in ["Nats-Msg-Id", "nats-rollup", "Broken", "Strange"] {
            assert!(all(gone).is_empty(), "{gone}");
        }
    }
}
