//! The admin port: whether the process lives, whether it may be sent work, and its metrics.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http::{self, Limits};

/// Where a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not yet able to do its work.
    Starting,
    /// Doing it.
    Ready,
    /// Unable to do any of it for now.
    Unavailable,
    /// Finishing what it has begun; nothing follows.
    Draining,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unavailable => "unavailable",
            Self::Draining => "draining",
        }
    }
}

/// What the probes answer. Clones share it.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    dependencies: BTreeMap<&'static str, bool>,
}

impl Default for Readiness {
    fn default() -> Self {
        describe_gauge!("curbe_dependency_up", "1 while the dependency can be reached, else 0");
        Self(Arc::new(Mutex::new(State { phase: Phase::Starting, dependencies: BTreeMap::new() })))
    }
}

impl Readiness {
    /// Enters a phase. Draining is the last one: what comes after it changes nothing.
    pub fn enter(&self, phase: Phase) {
        let mut state = self.state();
        if state.phase != phase && state.phase != Phase::Draining {
            state.phase = phase;
            drop(state);
            tracing::info!(phase = phase.as_str(), "readiness changed");
        }
    }

    /// The phase it is in.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Notes whether a dependency can be reached: a metric and a verbose line, never a reason to be unready.
    pub fn set_dependency(&self, name: &'static str, is_up: bool) {
        gauge!("curbe_dependency_up", "dependency" => name).set(u8::from(is_up));
        let before = self.state().dependencies.insert(name, is_up);
        match (before, is_up) {
            (Some(true), false) | (None, false) => tracing::warn!(dependency = name, "unreachable"),
            (Some(false), true) | (None, true) => tracing::info!(dependency = name, "reachable"),
            (Some(true), true) | (Some(false), false) => {}
        }
    }

    fn readyz(&self, is_verbose: bool) -> (StatusCode, String) {
        let state = self.state();
        let status = match state.phase {
            Phase::Ready => StatusCode::OK,
            Phase::Starting | Phase::Unavailable | Phase::Draining => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let mut text = format!("{}\n", state.phase.as_str());
        for (name, is_up) in state.dependencies.iter().filter(|_| is_verbose) {
            let word = if *is_up { "up" } else { "down" };
            // Writing to a string does not fail.
            writeln!(text, "{name}: {word}").ok();
        }
        (status, text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the admin port until `shutdown`, which comes after the service itself has drained.
pub async fn serve(
    listener: TcpListener,
    readiness: Readiness,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) {
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let answer = answer(&request, &readiness, &metrics);
        async move { answer }
    };
    http::serve(listener, Limits { connections_max: 64, ..Limits::default() }, handler, shutdown)
        .await;
}

fn answer<B>(
    request: &Request<B>,
    readiness: &Readiness,
    metrics: &PrometheusHandle,
) -> Response<Full<Bytes>> {
    let is_verbose = || request.uri().query().is_some_and(|query| query.contains("verbose"));
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/livez") => (StatusCode::OK, "alive\n".to_owned()),
        (&Method::GET | &Method::HEAD, "/readyz") => readiness.readyz(is_verbose()),
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, metrics.render()),
        (_, "/livez" | "/readyz" | "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let plain = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    fn status(readiness: &Readiness, path: &str) -> StatusCode {
        let request = Request::builder().uri(path).body(()).unwrap();
        answer(&request, readiness, &PrometheusBuilder::new().build_recorder().handle()).status()
    }

    #[test]
    fn readiness_follows_the_phase_and_draining_is_final() {
        let readiness = Readiness::default();
        for (phase, expected) in [
            (Phase::Starting, StatusCode::SERVICE_UNAVAILABLE),
            (Phase::Ready, StatusCode::OK),
            (Phase::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
            (Phase::Ready, StatusCode::OK),
            (Phase::Draining, StatusCode::SERVICE_UNAVAILABLE),
            (Phase::Ready, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            readiness.enter(phase);
            assert_eq!(status(&readiness, "/readyz"), expected, "{phase:?}");
            assert_eq!(status(&readiness, "/livez"), StatusCode::OK);
        }
        assert_eq!(status(&readiness, "/metrics"), StatusCode::OK);
        assert_eq!(status(&readiness, "/elsewhere"), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_dependency_is_told_and_changes_no_status() {
        let readiness = Readiness::default();
        readiness.enter(Phase::Ready);
        readiness.set_dependency("nats", true);
        readiness.set_dependency("redis", false);
        assert_eq!(
            readiness.readyz(true),
            (StatusCode::OK, "ready\nnats: up\nredis: down\n".into())
        );
        assert_eq!(readiness.readyz(false), (StatusCode::OK, "ready\n".into()));
    }
}
