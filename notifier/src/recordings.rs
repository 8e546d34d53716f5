//! Recordings, from the worker's internal port: it alone has the providers' credentials.
//!
//! Nothing is kept here. The bytes go on as they come, at the speed of whoever listens; when he leaves, the request to
//! the worker ends with him. Each holds a connection here, one to the worker and one to the provider, so nobody may
//! listen to many at once.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::listeners::{Listeners, Listening};
use crate::problem::{Problem, ProblemCode};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// What the worker needs to know of the request.
const ASKED: [HeaderName; 2] = [RANGE, IF_RANGE];
/// What the browser needs to know of the answer.
const TOLD: [HeaderName; 4] = [CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES, ETAG];
const UNKNOWN_CONTENT: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What a user may listen to at once.
const AT_ONCE_MAX: usize = 4;

/// Fetches recordings.
pub(crate) struct Recordings {
    client: Client,
    /// `{WORKER_URL}/api/recordings/`
    folder: Url,
    token: SecretString,
    listeners: Listeners,
}

impl Recordings {
    /// Connects when it is first asked. `idle` is how long it may take to the next piece, also to the first one: the
    /// worker asks the provider meanwhile.
    pub(crate) fn new(worker: &Url, token: SecretString, idle: Duration) -> anyhow::Result<Self> {
        let client = Client::builder()
            // The worker is a neighbour, and the token is meant for nobody else.
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(idle)
            .build()?;
        let folder =
            format!("{}/api/recordings/", worker.as_str().trim_end_matches('/')).parse()?;
        Ok(Self { client, folder, token, listeners: Listeners::new(AT_ONCE_MAX) })
    }

    /// The recording of a call, or the range of it that the headers ask for, for this user.
    pub(crate) async fn stream(
        &self,
        user_id: Uuid,
        id: Uuid,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let listening = self.listeners.admit(user_id).ok_or(ProblemCode::TooManyRecordings)?;
        let url = self.folder.join(&id.to_string()).map_err(|_| ProblemCode::Internal)?;
        let mut request = self.client.get(url).bearer_auth(self.token.expose_secret());
        for name in ASKED {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.map_err(|error| {
            tracing::warn!(?error, "the worker did not answer for a recording");
            ProblemCode::Unavailable
        })?;
        match answer.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(passed_on(answer, listening)),
            status => Err(refused(status, answer.headers())),
        }
    }
}

fn passed_on(answer: reqwest::Response, listening: Listening) -> Response {
    let mut headers = HeaderMap::new();
    for name in TOLD {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, content_type(answer.headers()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    let status = answer.status();
    // Whoever drops the body listens no more.
    let pieces = answer.bytes_stream().inspect(move |_| {
        let _held = &listening;
    });
    (status, headers, Body::from_stream(pieces)).into_response()
}

/// Only audio is shown as what it says it is: a page that a provider sends must not become one of ours.
fn content_type(headers: &HeaderMap) -> HeaderValue {
    let is_audio = |value: &&HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("audio/"))
    };
    headers.get(CONTENT_TYPE).filter(is_audio).cloned().unwrap_or(UNKNOWN_CONTENT)
}

fn refused(status: StatusCode, headers: &HeaderMap) -> Problem {
    match status {
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let problem = Problem::from(ProblemCode::RangeNotSatisfiable);
            match headers.get(CONTENT_RANGE) {
                Some(range) => problem.with_header(CONTENT_RANGE, range.clone()),
                None => problem,
            }
        }
        StatusCode::NOT_FOUND => ProblemCode::RecordingGone.into(),
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            ProblemCode::ProviderUnavailable.into()
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(%status, "the worker does not take SERVICE_TOKEN");
            ProblemCode::RecordingsUnavailable.into()
        }
        status => {
            tracing::warn!(%status, "the worker did not hand out a recording");
            ProblemCode::Unavailable.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_audio_is_passed_on_as_what_it_says() {
        let shown = |text: &str| {
            let told = HeaderValue::from_str(text).unwrap();
            let shown = content_type(&HeaderMap::from_iter([(CONTENT_TYPE, told)]));
            shown.to_str().unwrap().to_owned()
        };
        for audio in ["audio/mpeg", "audio/x-wav; codecs=1", "Audio/ogg"] {
            assert_eq!(shown(audio), audio);
        }
        for other in ["text/html", "audio", "image/svg+xml", "application/audio/mpeg", "", "é"] {
            assert_eq!(shown(other), "application/octet-stream", "{other}");
        }
        assert_eq!(content_type(&HeaderMap::new()), UNKNOWN_CONTENT);
    }

    /// Says so much of an answer, and then nothing for as long as anybody listens.
    async fn falls_silent_after(
        said: &'static [u8],
        patience: Duration,
    ) -> Result<Response, Problem> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request has come once its first byte has.
            stream.read_u8().await.unwrap();
            stream.write_all(said).await.unwrap();
            while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
        });
        let recordings = Recordings::new(&url, "token".into(), patience);
        recordings.unwrap().stream(Uuid::nil(), Uuid::nil(), &HeaderMap::new()).await
    }

    #[tokio::test]
    async fn silence_is_not_waited_out() {
        let (at_once, soon) = (Duration::from_millis(100), Duration::from_secs(3));
        let refused = falls_silent_after(b"HTTP/1.1 200 OK\r\n", at_once).await.unwrap_err();
        assert_eq!(refused, ProblemCode::Unavailable.into());
        let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        let begun = falls_silent_after(begun, soon).await;
        let whole = to_bytes(begun.unwrap().into_body(), 9).await;
        assert!(whole.is_err(), "half of it passes for the whole: {whole:?}");
    }

    #[test]
    fn what_the_worker_says_becomes_a_problem() {
        for (status, code) in [
            (404, ProblemCode::RecordingGone),
            (502, ProblemCode::ProviderUnavailable),
            (504, ProblemCode::ProviderUnavailable),
            (401, ProblemCode::RecordingsUnavailable),
            (503, ProblemCode::Unavailable),
            (500, ProblemCode::Unavailable),
            (302, ProblemCode::Unavailable),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refused(status, &HeaderMap::new()), code.into(), "{status}");
        }
        let range = HeaderValue::from_static("bytes */5");
        let told = HeaderMap::from_iter([(CONTENT_RANGE, range.clone())]);
        let expected = Problem::from(ProblemCode::RangeNotSatisfiable);
        let expected = expected.with_header(CONTENT_RANGE, range);
        assert_eq!(refused(StatusCode::RANGE_NOT_SATISFIABLE, &told), expected);
    }
}
