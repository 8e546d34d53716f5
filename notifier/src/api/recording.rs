//! `GET /api/logs/{id}/recording`: the recording of a call, to those who may see the call.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::visible_to;
use crate::app::App;
use crate::openapi::refusals::RecordingRefusals;
use crate::problem::{Problem, ProblemCode};
use crate::store::Caller;

/// `call_logs.recording_status` of a recording that can be played.
const COMPLETED: &str = "completed";

/// The recording of a call
///
/// Audio as the provider has it, the whole or a range of it. For those who may not see the call it does not exist.
#[utoipa::path(
    get,
    path = "/api/logs/{id}/recording",
    operation_id = "getRecording",
    tag = "calls",
    params(
        ("id" = Uuid, Path, description = "The call."),
        ("Range" = Option<String>, Header, nullable = false, description = "The bytes that are wanted.", example = "bytes=0-1023"),
        ("If-Range" = Option<String>, Header, nullable = false, description = "The range only if the recording still has this `ETag`."),
    ),
    responses(
        (status = 200, description = "All of it.",
            content(("audio/*"), ("application/octet-stream")),
            headers(
                ("Accept-Ranges" = String, description = "`bytes` where ranges can be had."),
                ("Content-Length" = u64, description = "How many bytes there are, where that is known."),
                ("ETag" = String, description = "Which recording it is, where the provider says so."),
            )),
        (status = 206, description = "The range.",
            content(("audio/*"), ("application/octet-stream")),
            headers(("Content-Range" = String, description = "Which bytes of how many these are."))),
        RecordingRefusals,
    ),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| Problem::not_found())?;
    let wallet_id = caller.wallet_id.ok_or_else(Problem::not_found)?;
    let status = app.store.recording_status(wallet_id, visible_to(&caller), id).await?;
    if status.ok_or_else(Problem::not_found)? != COMPLETED {
        return Err(ProblemCode::RecordingNotReady.into());
    }
    let recordings = app.recordings.as_ref().ok_or(ProblemCode::RecordingsUnavailable)?;
    recordings.stream(caller.user_id, id, &headers).await
}
