//! Who is at an end of a leg: a telephone number, a softphone, a SIP address, or something else.

use std::fmt;

/// A telephone number in E.164 form, `+` and 1 to 15 digits, the first not zero (ITU-T E.164).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(String);

impl E164 {
    /// Reads `+15551234567`. Anything else, spaces included, is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let well_formed = (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The number with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone, as rate prefixes are written.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a provider puts into `From` or `To`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A telephone number.
    Number(E164),
    /// A client or SIP name in its canonical spelling: `client:alice`, `sip:alice@example.com`.
    Identity(String),
    /// Nobody that can be told apart: anonymous, a short code, an empty field.
    Other,
}

impl Address {
    /// Reads a provider's `From` or `To`. SIP parameters, ports and the case of the host do not tell people apart.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some(number) = E164::parse(text) {
            return Self::Number(number);
        }
        identity(text).map_or(Self::Other, Self::Identity)
    }

    /// The number, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            Self::Identity(_) | Self::Other => None,
        }
    }
}

fn identity(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "client" => {
            let name = rest.trim();
            (!name.is_empty()).then(|| format!("client:{name}"))
        }
        "sip" | "sips" => {
            let (user, host) = rest.split([';', '?']).next()?.rsplit_once('@')?;
            let host = host.split(':').next()?.trim().to_ascii_lowercase();
            let user = user.trim();
            (!user.is_empty() && !host.is_empty()).then(|| format!("sip:{user}@{host}"))
        }
        _ => None,
    }
}

/// A number as it may stand in a log line: the last four characters hidden.
#[must_use]
pub fn masked(text: &str) -> String {
    let shown = text.chars().count().saturating_sub(4);
    text.chars().take(shown).chain("****".chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_e164_is_a_number() {
        for good in ["+1", "+14158675309", "+525512345678", "+123456789012345"] {
            assert!(E164::parse(good).is_some(), "{good}");
        }
        for bad in ["", "+", "14158675309", "+0123", "+1 415", "+1234567890123456", "+1415a", "+١٢"]
        {
            assert_eq!(E164::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        let identity = |text: &str| Address::Identity(text.to_owned());
        for (text, expected) in [
            ("client:alice", identity("client:alice")),
            ("Client:Alice", identity("client:Alice")),
            ("sip:bob@Example.com:5060;transport=tls", identity("sip:bob@example.com")),
            ("sip:bob@example.com ;transport=tls", identity("sip:bob@example.com")),
            ("sips:bob@example.com?x=1", identity("sip:bob@example.com")),
            ("client:", Address::Other),
            ("sip:@example.com", Address::Other),
            ("sip:bob", Address::Other),
            ("anonymous", Address::Other),
            ("911", Address::Other),
            ("", Address::Other),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_masked_number_hides_the_subscriber() {
        assert_eq!(masked("+14158675309"), "+1415867****");
        assert_eq!(masked("911"), "****");
    }

    proptest! {
        #[test]
        fn an_address_has_one_spelling(text in r"\PC{0,20}|(client|Client|sip|SIPS|x):[ab@: ]{0,4}(@[AB ]{1,4}[;:?]{0,2})?|\+?[0-9]{0,17}") {
            match Address::parse(&text) {
                Address::Number(number) => {
                    prop_assert_eq!(E164::parse(number.as_str()), Some(number.clone()));
                    prop_assert!((1..=15).contains(&number.digits().len()));
                }
                Address::Identity(name) => {
                    prop_assert_eq!(Address::parse(&name), Address::Identity(name.clone()));
                }
                Address::Other => {}
            }
        }

        #[test]
        fn a_masked_text_never_shows_its_end(text: String) {
            let shown = masked(&text);
            prop_assert!(shown.ends_with("****"));
            prop_assert!(shown.chars().count() == text.chars().count().max(4));
        }
    }
}
