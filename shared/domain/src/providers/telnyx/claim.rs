//! Which connection a body says it belongs to, before anything is proven: only to choose the keys to check it with.

use serde::Deserialize;

use crate::providers::laml::claim::claimed;
use crate::providers::laml::fields::{MediaType, is_id};

#[derive(Deserialize)]
struct Envelope {
    data: Event,
}

#[derive(Deserialize)]
struct Event {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    connection_id: Option<String>,
}

/// The connection, if the body names exactly one and names it readably.
#[must_use]
pub fn claimed_connection(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    if MediaType::of(content_type) != MediaType::Json {
        return claimed("ConnectionId", content_type, body);
    }
    // A name told twice is an error to serde, so nobody can name one connection here and be read as another later.
    let Envelope { data } = serde_json::from_slice(body).ok()?;
    data.payload.connection_id.filter(|id| is_id(id))
}
