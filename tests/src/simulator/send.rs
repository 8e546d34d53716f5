//! Sends webhooks to a running ingest, as a provider would.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use reqwest::header::HeaderMap;

use super::sign::Webhook;

/// Above the 15 s that the most patient provider waits.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The services close what has said nothing for five seconds: nobody writes to a connection that old.
const IDLE: Duration = Duration::from_secs(3);

/// Sends to one address.
#[derive(Clone, Debug)]
pub struct Sender {
    http: reqwest::Client,
    ingest_url: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
    /// From the first byte sent to the last one read.
    pub latency: Duration,
}

impl Answer {
    /// Whether the provider would take it for a yes.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// An HTTP client of services on this machine, to be completed.
pub fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE)
}

impl Sender {
    /// Sends to the ingest at `ingest_url`, whatever public address the webhooks are signed for.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(ingest_url: &str) -> Result<Self> {
        let http = client()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("curbe-simulate")
            .build()?;
        Ok(Self { http, ingest_url: ingest_url.trim_end_matches('/').to_owned() })
    }

    /// Sends one webhook and waits for the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, webhook: &Webhook) -> Result<Answer> {
        let url = format!("{}{}", self.ingest_url, webhook.path);
        let request = webhook
            .headers()
            .fold(self.http.post(&url), |request, (name, value)| request.header(name, value));
        let request = request.body(webhook.body.clone());
        let start = Instant::now();
        let response = request.send().await.with_context(|| format!("POST {url}"))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.text().await.with_context(|| format!("the answer of {url}"))?;
        Ok(Answer { status, headers, body, latency: start.elapsed() })
    }
}
