//! The audio of recordings, fetched from the providers for whoever may hear it, and handed on as it comes.
//!
//! Only the worker has the providers' credentials, so only it fetches. Links come from webhooks and redirects, so none
//! is believed: `hosts` and `address` judge where they lead. Who may hear a recording is decided by who asks for it
//! here, another service of ours.

mod address;
mod answer;
mod credentials;
mod failure;
mod fetch;
mod hosts;
mod report;
mod resolver;
mod settings;
mod source;
mod stream;
mod telnyx;

use std::sync::Arc;

use futures_util::FutureExt as _;
use hyper::header::{CONTENT_RANGE, HeaderMap};
use hyper::{Response, StatusCode};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use self::failure::Failure;
use self::fetch::{Fetched, Fetcher};
use self::report::Report;
pub use self::settings::Settings;
use self::source::{Source, source};
use self::stream::{Slot, relay};
use crate::http::Body;
use crate::store::recordings::Recording;
use crate::store::{self, transaction};

/// Hands out recordings.
#[derive(Debug)]
pub(crate) struct Recordings {
    pool: PgPool,
    fetcher: Fetcher,
    settings: Settings,
    slots: Arc<Semaphore>,
}

/// Audio that has begun to arrive.
struct Audio {
    provider: reqwest::Response,
    headers: HeaderMap,
    slot: Slot,
}

impl Recordings {
    /// # Errors
    /// The system has no root certificates.
    pub(crate) fn new(pool: PgPool, settings: Settings) -> anyhow::Result<Self> {
        report::describe();
        let fetcher = Fetcher::new(settings.hosts())?;
        let slots = Arc::new(Semaphore::new(settings.recording_streams_max));
        Ok(Self { pool, fetcher, settings, slots })
    }

    /// The audio of a call, or the part of it that the headers ask for.
    pub(crate) async fn answer(
        &self,
        call_log_id: Uuid,
        request: &HeaderMap,
        request_id: &str,
    ) -> Response<Body> {
        let mut report = Report::new(request_id, call_log_id);
        let Audio { provider, headers, slot } =
            match self.obtain(call_log_id, request, &mut report).await {
                Ok(audio) => audio,
                Err(failure) => {
                    let response = failure.refusal().into_response(request_id);
                    report.answered(response.status().as_u16());
                    report.failed(&failure);
                    return response;
                }
            };
        let status = provider.status();
        report.answered(status.as_u16());
        let body = relay(provider, self.settings.recording_idle_timeout, slot, report);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    async fn obtain(
        &self,
        call_log_id: Uuid,
        request: &HeaderMap,
        report: &mut Report,
    ) -> Result<Audio, Failure> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| Failure::Busy)?;
        let slot = Slot::new(slot);
        let found = transaction::run(&self.pool, move |tx| {
            store::recordings::find(tx, call_log_id).boxed()
        });
        let recording = found.await?.ok_or(Failure::NoLog)?;
        report.provider = Some(recording.provider);
        report.leg = Some(recording.leg.clone());
        if !recording.is_complete {
            return Err(Failure::NoRecording);
        }
        let fetched = self.fetch(&recording, request);
        let fetched = timeout(self.settings.recording_answer_timeout, fetched).await;
        let fetched = fetched.map_err(|_| Failure::TimedOut)??;
        report.host = fetched.response.url().host_str().map(str::to_owned);
        let headers = judge(&fetched)?;
        Ok(Audio { provider: fetched.response, headers, slot })
    }

    async fn fetch(&self, recording: &Recording, request: &HeaderMap) -> Result<Fetched, Failure> {
        let (link, credential) = match source(recording, &self.settings)? {
            Source::Link(link, credential) => (link, credential),
            Source::FreshLink => {
                let (api, keys) = (&self.settings.telnyx_api_url, &self.settings.telnyx_api_keys);
                (telnyx::fresh_link(&self.fetcher, api, keys, recording).await?, None)
            }
        };
        self.fetcher.get(link, &answer::asked(request), credential).await
    }
}

/// The headers to pass on, where there is audio.
fn judge(Fetched { response, is_signed }: &Fetched) -> Result<HeaderMap, Failure> {
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            answer::headers(response.headers(), response.url()).ok_or(Failure::NotAudio)
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Err(Failure::Range(response.headers().get(CONTENT_RANGE).cloned()))
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Failure::Gone),
        // Storage says so of what it has deleted, and of links whose time is over.
        StatusCode::FORBIDDEN if !is_signed => Err(Failure::Gone),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Failure::Unauthorized),
        status => Err(Failure::Status(status)),
    }
}
