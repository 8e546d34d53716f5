//! An authorization as it is asked for, judged as far as it can be without looking.

use curbe_domain::authorization::{hold_of, hold_of_call};
use curbe_domain::legs::LegKey;
use curbe_domain::money::Money;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use super::action::Action;
use super::leg;
use super::request::Asked;
use crate::http::{Refusal, json};
use crate::store::authorizations::AuthorizationRow;

const TTL_SECONDS: std::ops::RangeInclusive<i64> = 1..=86_400;
const TTL_SECONDS_DEFAULT: i64 = 900;
const REFERENCE_LENGTH_MAX: usize = 200;

/// Something that costs is about to happen.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AuthorizationRequest {
    /// Whose wallet is to pay.
    organization_id: Uuid,
    action: Action,
    /// As much is set aside; nothing or more.
    estimated_cost: Money,
    /// The caller's own name for it, unique in its wallet and action; of a call its leg, as `provider:leg`, or Twilio's
    /// `CA...` alone.
    #[schema(min_length = 1, max_length = 200)]
    reference: String,
    /// When it ends by itself.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 86400, default = 900, nullable = false)]
    ttl_seconds: Option<i64>,
}

/// A request that was judged.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) id: Uuid,
    pub(super) organization_id: Uuid,
    action: Action,
    pub(super) amount: Money,
    pub(super) reference: String,
    pub(super) leg: Option<LegKey>,
    ttl: Duration,
}

impl Wanted {
    /// # Errors
    /// It is not what is expected.
    pub(super) fn read(asked: &Asked) -> Result<Self, Refusal> {
        let request: AuthorizationRequest = json::parse(&asked.body)?;
        let ttl = request.ttl_seconds.unwrap_or(TTL_SECONDS_DEFAULT);
        if request.estimated_cost < Money::ZERO {
            return Err(json::invalid("estimatedCost is less than nothing."));
        }
        if !TTL_SECONDS.contains(&ttl) {
            return Err(json::invalid("ttlSeconds is not between 1 and 86400."));
        }
        if !is_reference(&request.reference) {
            return Err(json::invalid("reference is not of 1 to 200 characters."));
        }
        let is_call = request.action == Action::Call;
        let leg = is_call.then(|| leg::leg(&request.reference)).flatten();
        if is_call && leg.is_none() {
            return Err(json::invalid("reference names no leg such as twilio:CA..."));
        }
        let reference = leg.as_ref().map_or(request.reference, leg::reference);
        Ok(Self {
            id: asked.id(),
            organization_id: request.organization_id,
            action: request.action,
            amount: request.estimated_cost,
            reference,
            leg,
            ttl: Duration::seconds(ttl),
        })
    }

    pub(super) fn row(&self, wallet_id: Uuid, now: OffsetDateTime) -> AuthorizationRow {
        AuthorizationRow {
            id: self.id,
            wallet_id,
            action: self.action.as_str().to_owned(),
            amount: self.amount,
            reference: Some(self.reference.clone()),
            status: "authorized".to_owned(),
            due_at: now + self.ttl,
            hold: self.leg.as_ref().map_or_else(|| hold_of(self.id), hold_of_call),
        }
    }
}

/// A name that the ledger can take.
pub(super) fn is_reference(text: &str) -> bool {
    (1..=REFERENCE_LENGTH_MAX).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &[u8]) -> Result<Wanted, Refusal> {
        let body = Bytes::copy_from_slice(body);
        let (key, request_id) = ("k".to_owned(), "r".to_owned());
        Wanted::read(&Asked { key, request: String::new(), digest: Vec::new(), body, request_id })
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            r"-?[0-9]{1,8}(\.[0-9]{1,6})?".prop_map(Value::from),
            "twilio:[A-Za-z0-9:{} ]{0,8}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            select(vec![json!(null), json!([]), json!({}), json!("call"), json!("sms")]),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_wanted_out_of_range(
            changes in prop::collection::vec((select(["action", "estimatedCost", "reference", "ttlSeconds", "more"].as_slice()), value()), 0..4),
            action in select(["number_purchase", "call"].as_slice()),
            bytes: Vec<u8>,
        ) {
            read(&bytes).ok();
            let mut body = json!({
                "organizationId": Uuid::nil(), "action": action, "estimatedCost": "1.0000", "reference": "twilio:CA1",
            });
            for (name, value) in changes {
                body[name] = value;
            }
            if let Ok(wanted) = read(body.to_string().as_bytes()) {
                prop_assert!(wanted.amount >= Money::ZERO && wanted.amount <= Money::MAX);
                prop_assert!(TTL_SECONDS.contains(&wanted.ttl.whole_seconds()));
                prop_assert!(body.get("more").is_none(), "{body}");
                let row = wanted.row(Uuid::nil(), OffsetDateTime::UNIX_EPOCH);
                let has_markers = row.hold.contains(|c: char| c.is_whitespace() || c.is_control());
                prop_assert!(!has_markers, "{}", row.hold);
            }
        }
    }
}
