//! Browsers' tokens: JSON Web Tokens signed with HS256 by any of the keys in force.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// Who the tokens must be meant for.
const AUDIENCE: &str = "curbe";
/// How far the issuer's clock and ours may differ.
const CLOCK_SKEW_SECONDS: u64 = 5;

/// What a valid token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Whose it is.
    pub(crate) user_id: Uuid,
    /// From when on it is worth nothing.
    pub(crate) expires_at: OffsetDateTime,
}

/// Why a token is worth nothing. Clients are told only whether a new one would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not signed by us, not meant for us, or no token at all.
    #[error("the token is not valid")]
    Invalid,
}

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    exp: i64,
}

/// Judges tokens.
#[derive(Clone)]
pub(crate) struct Verifier {
    keys: Vec<DecodingKey>,
    validation: Validation,
}

impl Verifier {
    /// Accepts what any of these keys signed.
    #[must_use]
    pub(crate) fn new(secrets: &[SecretString]) -> Self {
        // The algorithm is pinned: what the token's own header says is never believed.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = CLOCK_SKEW_SECONDS;
        validation.validate_nbf = true;
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "sub", "aud"]);
        let key =
            |secret: &SecretString| DecodingKey::from_secret(secret.expose_secret().as_bytes());
        Self { keys: secrets.iter().map(key).collect(), validation }
    }

    /// # Errors
    /// Why the token is worth nothing.
    pub(crate) fn verify(&self, token: &str) -> Result<Token, Refusal> {
        for key in &self.keys {
            match decode::<Claims>(token, key, &self.validation) {
                Ok(decoded) => return Token::from_claims(&decoded.claims),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                    return Err(Refusal::Expired);
                }
                Err(_) => return Err(Refusal::Invalid),
            }
        }
        Err(Refusal::Invalid)
    }
}

impl Token {
    fn from_claims(claims: &Claims) -> Result<Self, Refusal> {
        let expires_at =
            OffsetDateTime::from_unix_timestamp(claims.exp).map_err(|_| Refusal::Invalid)?;
        Ok(Self { user_id: claims.sub, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::*;

    const KEYS: [&str; 2] =
        ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
    const USER: &str = "6f1c3c1e-9a39-4b1c-8a1a-2f6f0f6f2a11";

    fn verifier() -> Verifier {
        Verifier::new(&KEYS.map(SecretString::from))
    }

    fn in_seconds(seconds: i64) -> i64 {
        OffsetDateTime::now_utc().unix_timestamp() + seconds
    }

    fn good() -> Value {
        json!({ "sub": USER, "aud": "curbe", "exp": in_seconds(60) })
    }

    fn signed(algorithm: Algorithm, claims: &Value, key: &str) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
    }

    fn with(name: &str, value: Value) -> Result<Token, Refusal> {
        let mut claims = good();
        claims[name] = value;
        verifier().verify(&signed(Algorithm::HS256, &claims, KEYS[0]))
    }

    #[test]
    fn each_key_in_force_is_accepted() {
        for key in KEYS {
            let token = verifier().verify(&signed(Algorithm::HS256, &good(), key)).unwrap();
            assert_eq!(token.user_id.to_string(), USER);
        }
        let other = "another key of thirty-two bytes!";
        assert_eq!(
            verifier().verify(&signed(Algorithm::HS256, &good(), other)),
            Err(Refusal::Invalid)
        );
    }

    #[test]
    fn the_algorithm_is_pinned() {
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(
                verifier().verify(&signed(algorithm, &good(), KEYS[0])),
                Err(Refusal::Invalid)
            );
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        for name in ["none", "None", "NONE", "RS256"] {
            let header = part(&json!({ "alg": name, "typ": "JWT" }));
            let unsigned = format!("{header}.{}.", part(&good()));
            assert_eq!(verifier().verify(&unsigned), Err(Refusal::Invalid), "{name}");
        }
    }

    #[test]
    fn every_claim_counts() {
        assert!(with("aud", json!(["other", "curbe"])).is_ok());
        assert_eq!(with("exp", json!(in_seconds(-60))), Err(Refusal::Expired));
        for (name, value) in [
            ("aud", json!("other")),
            ("aud", Value::Null),
            ("exp", Value::Null),
            ("sub", json!("alice")),
            ("sub", Value::Null),
            ("nbf", json!(in_seconds(60))),
        ] {
            assert_eq!(with(name, value.clone()), Err(Refusal::Invalid), "{name} {value}");
        }
        for missing in ["sub", "aud", "exp"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(missing);
            let token = signed(Algorithm::HS256, &claims, KEYS[0]);
            assert_eq!(verifier().verify(&token), Err(Refusal::Invalid), "{missing}");
        }
    }

    #[test]
    fn garbage_is_no_token() {
        for text in ["", ".", "..", "a.b.c", "Bearer x", "\u{0}"] {
            assert_eq!(verifier().verify(text), Err(Refusal::Invalid), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_in_without_a_key(text: String, parts in prop::collection::vec(any::<Vec<u8>>(), 0..5), claims in near_claims()) {
            let garbage: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
            let stolen = [&json!({ "alg": "HS256", "typ": "JWT" }).to_string(), &claims.to_string(), &text];
            let stolen = stolen.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
            for token in [&text, &garbage.join("."), &stolen] {
                prop_assert_eq!(verifier().verify(token), Err(Refusal::Invalid), "{}", token);
            }
        }

        #[test]
        fn no_changed_byte_is_accepted(at: Index, byte in b'!'..=b'~') {
            let token = signed(Algorithm::HS256, &good(), KEYS[0]);
            prop_assert!(verifier().verify(&token).is_ok());
            let mut changed = token.clone().into_bytes();
            let at = at.index(changed.len());
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(verifier().verify(&changed).is_ok(), changed == token);
        }

        #[test]
        fn whatever_we_signed_is_judged(claims in near_claims()) {
            let token = signed(Algorithm::HS256, &claims, KEYS[1]);
            if let Ok(token) = verifier().verify(&token) {
                prop_assert_eq!(Value::from(token.expires_at.unix_timestamp()), claims["exp"].clone());
                prop_assert!(token.expires_at.unix_timestamp() > in_seconds(-60));
            }
        }
    }

    fn near_claims() -> impl Strategy<Value = Value> {
        let value = prop_oneof![
            select(vec![json!(USER), json!("curbe"), json!(["curbe"]), json!(null), json!([])]),
            (-100_i64..100).prop_map(|seconds| Value::from(in_seconds(seconds))),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let changes =
            prop::collection::vec((select(["sub", "aud", "exp", "nbf"].as_slice()), value), 0..3);
        changes.prop_map(|changes| {
            let mut claims = good();
            changes.into_iter().for_each(|(name, value)| claims[name] = value);
            claims
        })
    }
}
