//! Plays recordings as the page does: over the notifier, with the token of whoever listens.

use anyhow::{Result, ensure};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;

/// Somebody's player.
#[derive(Clone, Debug)]
pub struct Player {
    http: Client,
    notifier_url: String,
    token: String,
}

impl Player {
    /// For whoever has this token.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(notifier_url: &str, token: &str) -> Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        Ok(Self { http, notifier_url: notifier_url.to_owned(), token: token.to_owned() })
    }

    /// Plays the recording of a logged call to its end; tells in words what was heard.
    ///
    /// # Errors
    /// It is no sound.
    pub async fn play(&self, log_id: &str) -> Result<String> {
        let url = format!("{}/api/logs/{log_id}/recording", self.notifier_url);
        let answer = self.http.get(&url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let bytes = answer.bytes().await?;
        ensure!(status.is_success() && kind.starts_with("audio/"), "{status} {kind} for {url}");
        Ok(format!("{} bytes of {kind}", bytes.len()))
    }
}
