//! The spellings of our public address that a provider may have signed.
//!
//! Providers are not consistent about the port: some callbacks are signed with it, some without, some with the
//! scheme's own one added. Only the address we configured is spelled anew, never what came with the request.

/// The configured base URL as it may have been signed: as written, without its port, with the scheme's own port. A
/// user name and password are dropped, as Twilio does, and so is a `/` at the end, since every path begins with one.
#[must_use]
pub fn spellings(base_url: &str) -> Vec<String> {
    let (scheme, rest) = base_url.split_once("://").unwrap_or(("https", base_url));
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.trim_end_matches('/');
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = without_port(authority);
    let own_port = if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };

    let mut spellings = vec![format!("{scheme}://{authority}{path}")];
    for other in [format!("{scheme}://{host}{path}"), format!("{scheme}://{host}:{own_port}{path}")]
    {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}

/// The path and query without a fragment, which is never signed.
#[must_use]
pub fn without_fragment(path_and_query: &str) -> &str {
    path_and_query.split('#').next().unwrap_or(path_and_query)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons inside [::1] are no port.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_once() {
        for (base, expected) in [
            ("https://a.example", vec!["https://a.example", "https://a.example:443"]),
            ("https://a.example:443/", vec!["https://a.example:443", "https://a.example"]),
            (
                "http://a.example:8080/hooks/",
                vec![
                    "http://a.example:8080/hooks",
                    "http://a.example/hooks",
                    "http://a.example:80/hooks",
                ],
            ),
            ("https://user:p@ss@a.example?x#y", vec!["https://a.example", "https://a.example:443"]),
            ("https://[::1]", vec!["https://[::1]", "https://[::1]:443"]),
            ("https://[::1]:9", vec!["https://[::1]:9", "https://[::1]", "https://[::1]:443"]),
        ] {
            assert_eq!(spellings(base), expected, "{base}");
        }
    }

    #[test]
    fn a_fragment_is_cut_off() {
        assert_eq!(without_fragment("/a?b=%23#rc=5"), "/a?b=%23");
        assert_eq!(without_fragment("/a"), "/a");
    }
}
