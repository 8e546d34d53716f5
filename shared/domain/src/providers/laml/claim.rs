//! Whose webhook a body says it is, before anything is proven: only to choose the secrets to check it with.

use super::fields::Fields;

/// The account or project, if the body names exactly one and names it readably.
#[must_use]
pub fn claimed_account(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    claimed("AccountSid", content_type, body)
}

/// The id in a field, read as it is read again once it is proven.
pub(in crate::providers) fn claimed(
    field: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> Option<String> {
    Some(Fields::read(content_type, body).ok()?.id(field).ok()??.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_one_account_or_none() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        let json = Some("application/json");
        for (content_type, body, expected) in [
            (form, "CallSid=CA1&AccountSid=AC1", Some("AC1")),
            (form, "AccountSid=%41C1&AccountSid=AC1", Some("AC1")),
            (form, "AccountSid=AC1&AccountSid=AC2", None),
            (form, "AccountSid=AC1&AccountSid=", None),
            (form, "AccountSid=AC+1", None),
            (form, "AccountSid=", None),
            (form, "accountsid=AC1", None),
            (form, "AccountSid=AC1&CallSid", None),
            (json, r#"{"AccountSid":"AC1","CallSid":"CA1"}"#, Some("AC1")),
            (json, r#"{"AccountSid":"AC1","AccountSid":"AC2"}"#, None),
            (json, r#"{"AccountSid":["AC1"]}"#, None),
            (json, r#"{"params":{"AccountSid":"AC1"}}"#, None),
            (json, r#"{"AccountSid":"AC1""#, None),
            (json, "AccountSid=AC1", None),
            (form, r#"{"AccountSid":"AC1"}"#, None),
            (Some("text/plain"), "AccountSid=AC1", None),
            (None, "AccountSid=AC1", None),
        ] {
            let claimed = claimed_account(content_type, body.as_bytes());
            assert_eq!(claimed.as_deref(), expected, "{body}");
        }
    }
}
