//! Asking the worker to bring into the cache what pre-flight lacks: a request beside the stream, answered once it is there.

use std::time::Duration;

use async_nats::Client;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use uuid::Uuid;

/// Where such requests go. Not a subject of the stream: nobody wants them later.
pub const SUBJECT: &str = "curbe.load";
/// Any of the workers answers.
pub const QUEUE_GROUP: &str = "workers";

/// What is lacking. The directory and the rates always are brought up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadRequest {
    /// The wallet to be believed.
    pub wallet_id: Option<Uuid>,
}

/// Nobody brought it in, or not in time.
#[derive(Debug, thiserror::Error)]
#[error("the worker did not load what is lacking: {0}")]
pub struct NotLoaded(String);

/// Asks, and waits until it is there.
///
/// # Errors
/// [`NotLoaded`] when no worker did it within that time.
pub async fn load(
    client: &Client,
    request: &LoadRequest,
    within: Duration,
) -> Result<(), NotLoaded> {
    let failed = |error: &dyn std::fmt::Display| NotLoaded(error.to_string());
    let payload = serde_json::to_vec(request).map_err(|error| failed(&error))?;
    let asked = client.request(SUBJECT, payload.into());
    let answer = timeout(within, asked).await.map_err(|error| failed(&error))?;
    let answer = answer.map_err(|error| failed(&error))?;
    if answer.payload.is_empty() {
        return Ok(());
    }
    Err(NotLoaded(String::from_utf8_lossy(&answer.payload).into_owned()))
}
