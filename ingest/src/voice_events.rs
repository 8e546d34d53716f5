//! `POST /api/webhooks/voice-events`: proven to be a provider's, sorted, and put onto the queue byte for byte.

use curbe_domain::providers::{Classified, Kind, Provider, signalwire, telnyx, twilio};
use curbe_platform::kill_point;
use curbe_platform::queue::message::VoiceEvent;
use metrics::counter;

use crate::durability::Kept;
use crate::publisher::Outgoing;
use crate::rejection::Rejection;
use crate::service::Service;
use crate::verdict::{Accepted, Facts};
use crate::webhook::{Webhook, content_type};

/// Takes a webhook: `Ok` only once it is durable, or needs not be kept. `facts` gets what is found out on the way.
pub(crate) async fn accept(
    service: &Service,
    webhook: &Webhook,
    facts: &mut Facts,
) -> Result<Accepted, Rejection> {
    let request_id = webhook.request_id.as_str();
    let provider = webhook.proven(service, facts)?;
    let summary = match classify(provider, webhook) {
        Classified::Queue(summary) => summary,
        Classified::Ignore => return Ok(Accepted::Ignored),
    };
    facts.kind = Some(summary.kind);
    // Call Control asks nobody before a leg begins; TeXML does.
    if provider == Provider::Telnyx && summary.kind == Kind::Initiated && webhook.is_json() {
        counter!("curbe_ungated_legs_total", "provider" => provider.as_str()).increment(1);
    }
    facts.leg.clone_from(&summary.leg);
    let event = VoiceEvent {
        provider,
        summary,
        received_at: webhook.received_at,
        content_type: content_type(&webhook.headers).map(str::to_owned),
        path_and_query: webhook.path_and_query.clone(),
        trace_id: webhook.request_id.clone(),
    };
    let message = || Outgoing {
        subject: event.subject(),
        headers: event.headers(&webhook.body),
        body: webhook.body.clone(),
    };
    kill_point!("unpublished");
    let kept = service.keeper.keep(message, service.answer_timeout).await?;
    kill_point!("published");
    let (leg, kind) = (facts.leg.as_deref(), facts.kind.map(Kind::as_str));
    let provider = provider.as_str();
    Ok(match kept {
        Kept::Queued { sequence, is_duplicate } => {
            tracing::info!(
                requestId = request_id,
                provider,
                leg,
                kind,
                stream_sequence = sequence,
                duplicate = is_duplicate,
                "queued"
            );
            if is_duplicate { Accepted::Duplicate } else { Accepted::Queued }
        }
        Kept::Spooled(_) => {
            tracing::info!(requestId = request_id, provider, leg, kind, "spooled");
            Accepted::Spooled
        }
    })
}

fn classify(provider: Provider, webhook: &Webhook) -> Classified {
    let content_type = content_type(&webhook.headers);
    match provider {
        Provider::Twilio => twilio::classify(content_type, &webhook.body),
        Provider::SignalWire => signalwire::classify(content_type, &webhook.body),
        Provider::Telnyx => telnyx::classify(content_type, &webhook.body),
    }
}
