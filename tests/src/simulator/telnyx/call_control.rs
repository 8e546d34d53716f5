//! Call Control, version 2: JSON with every field that Telnyx documents for the event.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{TelnyxLeg, microseconds};

/// What the owner's application wants to hear again with every event of a leg.
const CLIENT_STATE: &str = "eyJvd25lciI6IjQyIn0=";
/// A hundredth of a cent, for a minute of each.
const TRUNKING_RATE: u32 = 50;
const CONTROL_RATE: u32 = 20;

impl TelnyxLeg {
    /// `call.initiated`
    #[must_use]
    pub fn initiated(&self) -> Value {
        let (direction, state) =
            if self.outgoing { ("outgoing", "bridging") } else { ("incoming", "parked") };
        let more = json!({
            "direction": direction, "state": state, "start_time": microseconds(self.started_at),
            "caller_id_name": "MÜLLER & SONS = 100%+", "call_screening_result": "not_flagged",
            "shaken_stir_attestation": "A", "shaken_stir_validated": true,
            "offered_codecs": "PCMU,PCMA", "connection_codecs": "PCMU,PCMA,G722",
            "custom_headers": [{ "name": "X-Tenant", "value": "42" }], "sip_headers": [], "tags": []
        });
        self.event(1, "call.initiated", self.started_at, &more)
    }

    /// `call.answered`
    ///
    /// # Panics
    /// Nobody answered it.
    #[must_use]
    pub fn answered(&self) -> Value {
        let more = json!({
            "state": "answered", "start_time": microseconds(self.started_at),
            "custom_headers": [], "sip_headers": [], "tags": []
        });
        self.event(2, "call.answered", self.answer(), &more)
    }

    /// `call.bridged`
    ///
    /// # Panics
    /// Nobody answered it.
    #[must_use]
    pub fn bridged(&self) -> Value {
        let at = self.answer() + Duration::milliseconds(3);
        self.event(3, "call.bridged", at, &json!({}))
    }

    /// `call.hangup`
    #[must_use]
    pub fn hangup(&self) -> Value {
        let mut more = json!({
            "state": "hangup", "start_time": microseconds(self.started_at),
            "hangup_cause": self.cause.as_str(), "hangup_source": self.cause.source(),
            "sip_hangup_cause": self.cause.sip(), "custom_headers": [], "sip_headers": [], "tags": []
        });
        // Not in Telnyx's reference, but seen.
        more["end_time"] = json!(microseconds(self.ended_at));
        if self.answered_at.is_some() {
            more["call_quality_stats"] = self.quality();
        }
        self.event(4, "call.hangup", self.ended_at, &more)
    }

    /// `call.cost` of a leg for which so many seconds are charged.
    #[must_use]
    pub fn cost(&self, billed_seconds: u32) -> Value {
        let minutes = billed_seconds.div_ceil(60);
        let part = |name: &str, rate: u32| {
            json!({
                "call_part": name, "cost": amount(minutes * rate), "currency": "USD",
                "rate": amount(rate), "billed_duration_secs": billed_seconds
            })
        };
        let parts = [part("sip-trunking", TRUNKING_RATE), part("call-control", CONTROL_RATE)];
        self.cost_event(&json!({
            "status": "success", "total_cost": amount(minutes * (TRUNKING_RATE + CONTROL_RATE)),
            "billed_duration_secs": billed_seconds, "cost_parts": parts
        }))
    }

    /// `call.cost` where Telnyx could not work it out.
    #[must_use]
    pub fn cost_unknown(&self) -> Value {
        self.cost_event(&json!({ "status": "error" }))
    }

    /// `call.recording.saved`
    #[must_use]
    pub fn recording_saved(&self) -> Value {
        let mut more = json!({
            "call_control_id": null, "from": null, "to": null, "channels": "single",
            "recording_started_at": microseconds(self.answered_at.unwrap_or(self.started_at)),
            "recording_ended_at": microseconds(self.ended_at), "public_recording_urls": {}
        });
        more["recording_urls"] = json!({ "mp3": self.recording_url, "wav": null });
        self.event(6, "call.recording.saved", self.ended_at + Duration::SECOND, &more)
    }

    /// `call.recording.error`
    #[must_use]
    pub fn recording_failed(&self) -> Value {
        let more = json!({
            "from": null, "to": null, "reason": "Failed to authorize with storage using custom credentials"
        });
        self.event(7, "call.recording.error", self.ended_at + Duration::SECOND, &more)
    }

    fn cost_event(&self, more: &Value) -> Value {
        let at = self.ended_at + Duration::seconds(2);
        let mut payload = json!({
            "from": null, "to": null, "billing_group_id": "f5586561-8ff0-4291-a0ac-84fe4b1bba55",
            "occurred_at": microseconds(at)
        });
        merge(&mut payload, more);
        self.event(5, "call.cost", at, &payload)
    }

    /// Every event has an id of its own, which a repeat has too. A field of `more` that is null is left out.
    fn event(&self, number: u128, name: &str, at: OffsetDateTime, more: &Value) -> Value {
        let mut payload = json!({
            "call_control_id": self.control_id, "call_leg_id": self.leg_id,
            "call_session_id": self.session, "connection_id": self.connection,
            "client_state": CLIENT_STATE, "from": self.from, "to": self.to
        });
        merge(&mut payload, more);
        json!({
            "data": {
                "record_type": "event", "event_type": name,
                "id": Uuid::from_u128(self.leg_id.as_u128() ^ (number << 64)),
                "occurred_at": microseconds(at), "payload": payload
            },
            "meta": { "attempt": 1, "delivered_to": "https://bill.example.com/api/webhooks/voice-events" }
        })
    }

    pub(super) fn quality(&self) -> Value {
        // A packet every 20 ms each way.
        let packets = (u64::from(self.seconds()) * 50).to_string();
        json!({
            "inbound": {
                "jitter_max_variance": "2.74", "jitter_packet_count": "0", "mos": "4.50",
                "packet_count": packets, "skip_packet_count": "9"
            },
            "outbound": { "packet_count": packets, "skip_packet_count": "0" }
        })
    }

    fn answer(&self) -> OffsetDateTime {
        self.answered_at.expect("a leg that was answered")
    }
}

fn merge(payload: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        if value.is_null() {
            payload.as_object_mut().expect("an object").remove(name);
        } else {
            payload[name] = value.clone();
        }
    }
}

/// Of hundredths of a cent.
fn amount(units: u32) -> String {
    format!("{}.{:04}", units / 10_000, units % 10_000)
}
