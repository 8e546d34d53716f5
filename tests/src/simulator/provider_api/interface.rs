//! The interfaces that know whom they speak to: Twilio's, Telnyx's, and that of a space at SignalWire.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::signalwire::PROJECT;
use super::super::twilio::ACCOUNT;
use super::audio::{message, set};
use super::host::{Body, Seen};
use super::storage::{name, play};
use super::{State, TelnyxRecording, locked};

/// Answers what the path asks for; `storage` is where links lead.
pub(super) async fn answer(state: Arc<State>, storage: String, seen: Seen) -> Response<Body> {
    let path = seen.uri.path().to_owned();
    let basic =
        |user: &str, token: &str| format!("Basic {}", BASE64.encode(format!("{user}:{token}")));
    if let Some(path) = path.strip_prefix("/2010-04-01/Accounts/") {
        let credential = basic(ACCOUNT, &state.twilio_token);
        return media(&state, path, &credential, &seen).await;
    }
    if let Some(path) = path.strip_prefix("/api/laml/2010-04-01/Accounts/") {
        let credential = basic(PROJECT, &state.signalwire_token);
        return media(&state, path, &credential, &seen).await;
    }
    match path.strip_prefix("/v2/recordings") {
        Some(id) => telnyx(&state, &storage, id.trim_start_matches('/'), &seen),
        None => message(StatusCode::NOT_FOUND, "application/json", "{}"),
    }
}

/// A recording's audio for those who may hear it: the account enforces authentication for media.
async fn media(state: &Arc<State>, path: &str, credential: &str, seen: &Seen) -> Response<Body> {
    if seen.header(&AUTHORIZATION) != credential {
        let mut refusal = message(StatusCode::UNAUTHORIZED, "application/xml", "<TwilioResponse/>");
        set(&mut refusal, WWW_AUTHENTICATE, "Basic realm=\"Twilio API\"");
        return refusal;
    }
    play(state, name(path), seen).await
}

/// `GET /v2/recordings/{id}` and `GET /v2/recordings?filter[call_leg_id]=...`.
fn telnyx(state: &State, storage: &str, id: &str, seen: &Seen) -> Response<Body> {
    if seen.header(&AUTHORIZATION) != format!("Bearer {}", state.telnyx_key) {
        let errors = json!({ "errors": [{ "code": "10009", "title": "Authentication failed" }] });
        return message(StatusCode::UNAUTHORIZED, "application/json", &errors.to_string());
    }
    let entry = |recording: &TelnyxRecording| telnyx_entry(state, storage, recording);
    let recordings = locked(&state.telnyx).clone();
    if id.is_empty() {
        let query = seen.uri.query().unwrap_or_default();
        let asked = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "filter[call_leg_id]")
            .map(|(_, leg)| leg.into_owned());
        let found: Vec<Value> = recordings
            .iter()
            .filter(|recording| asked.as_ref().is_none_or(|leg| *leg == recording.call_leg_id))
            .map(entry)
            .collect();
        let page = json!({ "total_pages": 1, "total_results": found.len(), "page_number": 1, "page_size": 20 });
        let list = json!({ "data": found, "meta": page });
        return message(StatusCode::OK, "application/json", &list.to_string());
    }
    match recordings.iter().find(|recording| recording.id == id) {
        Some(recording) => {
            let found = json!({ "data": entry(recording) });
            message(StatusCode::OK, "application/json", &found.to_string())
        }
        None => {
            let errors = json!({ "errors": [{ "code": "10005", "title": "Resource not found" }] });
            message(StatusCode::NOT_FOUND, "application/json", &errors.to_string())
        }
    }
}

fn telnyx_entry(state: &State, storage: &str, recording: &TelnyxRecording) -> Value {
    json!({
        "record_type": "recording",
        "id": recording.id,
        "call_leg_id": recording.call_leg_id,
        "call_session_id": recording.call_leg_id,
        "channels": "single",
        "source": "call",
        "status": "completed",
        "duration_millis": 1000,
        "created_at": "2026-11-17T10:00:00.521992Z",
        "updated_at": "2026-11-17T10:00:00.521992Z",
        "recording_started_at": "2026-11-17T09:59:59.521992Z",
        "recording_ended_at": "2026-11-17T10:00:00.521992Z",
        "download_urls": { "wav": state.storage_link(storage, &recording.id) },
    })
}
