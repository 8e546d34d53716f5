//! `POST /api/webhooks/voice-request`: may this call begin? A form is answered in its provider's markup, JSON with a
//! decision in JSON.

use curbe_domain::legs::LegFacts;
use curbe_domain::legs::event::EventError;
use curbe_domain::money::Money;
use curbe_domain::preflight::Reason;
use curbe_domain::providers::{Provider, signalwire, telnyx, twilio};
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use metrics::{counter, histogram};
use serde::Serialize;

use crate::preflight::{Decision, Preflight};
use crate::rejection::Rejection;
use crate::service::Service;
use crate::verdict::{Facts, Reply};
use crate::webhook::{Webhook, content_type};

const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// TeXML cannot say less than a minute.
const TEXML_LIMIT_MIN: u32 = 60;

/// What a program is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    decision: &'static str,
    reason: Option<Reason>,
    time_limit_seconds: Option<u32>,
    available: Option<Money>,
}

/// Decides about the leg that a webhook asks for.
pub(crate) async fn answer(
    service: &Service,
    webhook: &Webhook,
    facts: &mut Facts,
) -> Result<Reply, Rejection> {
    let provider = webhook.proven(service, facts)?;
    let leg = asked(provider, webhook).map_err(|error| Rejection::Unreadable {
        reason: "unreadable",
        detail: error.to_string(),
    })?;
    facts.leg = Some(leg.key.leg.clone());
    // Before those that end: a call that does not begin costs nothing. An emergency waits for nobody.
    let turn = service.preflight_turns.try_acquire();
    if turn.is_err() && !service.preflight.is_emergency(&leg) {
        return Err(Rejection::Unavailable {
            reason: "overloaded",
            detail: "more calls are being decided on than may be at once".to_owned(),
        });
    }
    let is_form = !webhook.is_json();
    let limit_min = if provider == Provider::Telnyx && is_form { TEXML_LIMIT_MIN } else { 1 };
    let begun = std::time::Instant::now();
    let (at, request_id) = (webhook.received_at, webhook.request_id.as_str());
    let decision = service.preflight.decide(&leg, at, request_id, limit_min).await;
    drop(turn);
    histogram!("curbe_preflight_seconds").record(begun.elapsed());
    tell(provider, &leg, &decision, request_id);
    let response =
        if is_form { document(provider, &decision, &service.preflight) } else { json(&decision) };
    Ok(Reply { outcome: decision.outcome, response })
}

fn asked(provider: Provider, webhook: &Webhook) -> Result<LegFacts, EventError> {
    let content_type = content_type(&webhook.headers);
    match provider {
        Provider::Twilio => twilio::asked(content_type, &webhook.body),
        Provider::SignalWire => signalwire::asked(content_type, &webhook.body),
        Provider::Telnyx => telnyx::asked(content_type, &webhook.body),
    }
}

/// One line and one count for each decision.
fn tell(provider: Provider, leg: &LegFacts, decision: &Decision, request_id: &str) {
    let reason = decision.reason.map(Reason::as_str);
    let (outcome, name) = (decision.outcome, provider.as_str());
    counter!(
        "curbe_preflights_total",
        "provider" => name, "outcome" => outcome, "reason" => reason.unwrap_or("none")
    )
    .increment(1);
    let limit = decision.time_limit();
    tracing::info!(
        requestId = request_id,
        provider = name,
        leg = leg.key.leg,
        outcome,
        reason,
        limit,
        "decided"
    );
}

fn document(
    provider: Provider,
    decision: &Decision,
    preflight: &Preflight,
) -> Response<Full<Bytes>> {
    let (answer, audio) = (&decision.answer, preflight.refusal_audio());
    let document = match provider {
        Provider::Twilio => twilio::instructions(answer, audio),
        Provider::SignalWire => signalwire::instructions(answer, audio),
        Provider::Telnyx => telnyx::instructions(answer, audio),
    };
    response(document.into(), XML)
}

fn json(decision: &Decision) -> Response<Full<Bytes>> {
    let told = Told {
        decision: if decision.is_allowed() { "allow" } else { "reject" },
        reason: decision.reason,
        time_limit_seconds: decision.time_limit(),
        available: decision.available,
    };
    // Words and numbers always serialize.
    response(serde_json::to_vec(&told).unwrap_or_default().into(), JSON)
}

fn response(body: Bytes, content_type: HeaderValue) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
