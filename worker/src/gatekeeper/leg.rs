//! The leg that an authorization of a call names.

use curbe_domain::legs::LegKey;
use curbe_domain::providers::Provider;

/// How Twilio's names of calls begin; thirty-two hexadecimal digits follow.
const CALL_SID: &str = "CA";
const CALL_SID_LENGTH: usize = 34;

/// Reads `twilio:CA0123...`, or Twilio's name alone.
pub(super) fn leg(reference: &str) -> Option<LegKey> {
    if let Some((provider, leg)) = reference.split_once(':') {
        let is_name = !leg.is_empty() && leg.bytes().all(|byte| byte.is_ascii_graphic());
        let provider = Provider::parse(provider).filter(|_| is_name)?;
        return Some(LegKey { provider, leg: leg.to_owned() });
    }
    let digits = reference.strip_prefix(CALL_SID)?;
    let is_sid =
        reference.len() == CALL_SID_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sid.then(|| LegKey { provider: Provider::Twilio, leg: reference.to_owned() })
}

/// The reference under which it is kept, however it was given.
pub(super) fn reference(key: &LegKey) -> String {
    format!("{}:{}", key.provider, key.leg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_named_with_its_provider_or_as_twilio_does() {
        let sid = "CA0123456789abcdef0123456789abcdef";
        let name = |reference: &str| leg(reference).map(|key| self::reference(&key));
        assert_eq!(name(sid), Some(format!("twilio:{sid}")));
        for whole in ["twilio:CA1", "telnyx:v3:abc-_d", "signalwire:6f1c3c1e"] {
            assert_eq!(name(whole).as_deref(), Some(whole));
        }
        for none in
            ["", "CA1", "CA0123456789abcdef0123456789abcdeg", "acme:1", "telnyx:", "telnyx:a b"]
        {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
