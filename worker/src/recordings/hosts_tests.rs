//! Which links are followed: the tricks by which a link pretends to lead to a provider.

use super::*;

fn hosts(list: &[&str]) -> Hosts {
    Hosts::new(list.iter().map(|text| text.parse().unwrap()))
}

fn judge(hosts: &Hosts, link: &str) -> Result<(), Refused> {
    hosts.judge(&Url::parse(link).unwrap())
}

const LIST: [&str; 5] = [
    "api.twilio.com",
    "*.signalwire.com",
    "s3.amazonaws.com/telephony-recorder-prod",
    "media.example.com:8443",
    "http://127.0.0.1:9000",
];

#[test]
fn links_to_the_providers_are_followed() {
    let hosts = hosts(&LIST);
    for link in [
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1.mp3",
        "https://api.twilio.com:443/",
        "https://API.Twilio.COM/Recordings",
        "https://files.signalwire.com/a/b.wav",
        "https://my-space.signalwire.com/api/laml",
        "https://a.b.signalwire.com/",
        "https://s3.amazonaws.com/telephony-recorder-prod/a/b.wav?X-Amz-Expires=600",
        "https://media.example.com:8443/a",
        "http://127.0.0.1:9000/a",
        "http://2130706433:9000/a",
        // Its host is what it seems to be: a backslash is a slash.
        "https://api.twilio.com\\@evil.example/",
    ] {
        assert_eq!(judge(&hosts, link), Ok(()), "{link}");
    }
}

#[test]
fn links_that_pretend_are_not() {
    let hosts = hosts(&LIST);
    for (link, refused) in [
        // Another host, port, scheme or path.
        ("https://evil.example/api.twilio.com", Refused::Host),
        ("https://api.twilio.com.evil.example/", Refused::Host),
        ("https://evilapi.twilio.com/", Refused::Host),
        ("https://www.twilio.com/", Refused::Host),
        ("https://api.twilio.com./", Refused::Host),
        ("https://api.twilio.com:8443/", Refused::Host),
        ("https://api.twilio.com:22/", Refused::Host),
        ("http://api.twilio.com/", Refused::Host),
        ("https://signalwire.com/", Refused::Host),
        ("https://evilsignalwire.com/", Refused::Host),
        ("https://files.signalwire.com.evil.example/", Refused::Host),
        ("https://files.signalwire.com:444/", Refused::Host),
        ("https://s3.amazonaws.com/another-bucket/a", Refused::Host),
        ("https://s3.amazonaws.com/telephony-recorder-prod-evil/a", Refused::Host),
        ("https://s3.amazonaws.com/telephony-recorder-prod/../another/a", Refused::Host),
        ("https://s3.amazonaws.com/telephony-recorder-prod/%2e%2e/another/a", Refused::Host),
        ("https://s3.amazonaws.com/telephony-recorder-prod\\..\\another/a", Refused::Host),
        ("https://media.example.com/a", Refused::Host),
        ("ftp://api.twilio.com/", Refused::Scheme),
        ("file:///etc/passwd", Refused::Scheme),
        ("gopher://api.twilio.com/", Refused::Scheme),
        ("data:audio/mpeg;base64,AAAA", Refused::Scheme),
        // Names before the host.
        ("https://api.twilio.com@evil.example/", Refused::UserInfo),
        ("https://user:password@api.twilio.com/", Refused::UserInfo),
        ("https://user@api.twilio.com/", Refused::UserInfo),
        ("https://evil.example/@api.twilio.com/", Refused::Host),
        ("https://evil.example#@api.twilio.com/", Refused::Host),
        ("https://evil.example?@api.twilio.com/", Refused::Host),
        // Addresses, in all their spellings.
        ("http://169.254.169.254/latest/meta-data/", Refused::Host),
        ("https://169.254.169.254/", Refused::Host),
        ("http://2852039166/latest/meta-data/", Refused::Host),
        ("http://0xA9FEA9FE/", Refused::Host),
        ("http://0251.0376.0251.0376/", Refused::Host),
        ("http://[::ffff:169.254.169.254]/", Refused::Host),
        ("http://[::ffff:127.0.0.1]:9000/", Refused::Host),
        ("http://[::1]:9000/", Refused::Host),
        ("http://127.0.0.1/", Refused::Host),
        ("http://127.0.0.1:9001/", Refused::Host),
        ("https://127.0.0.1:9000/", Refused::Host),
        ("http://127.0.0.2:9000/", Refused::Host),
        ("http://localhost:9000/", Refused::Host),
        ("http://0:9000/", Refused::Host),
        ("https://metadata.google.internal/", Refused::Host),
    ] {
        assert_eq!(judge(&hosts, link), Err(refused), "{link}");
    }
}

#[test]
fn a_list_that_says_too_much_is_refused() {
    for text in [
        "",
        "*",
        "*.",
        "*.com",
        "*.*.example.com",
        "a*.example.com",
        "*.127.0.0.1",
        "*.[::1]",
        "api.example.com.",
        "user@api.example.com",
        "ftp://api.example.com",
        "https://",
        "api.example.com?a=b",
        "api.example.com#a",
        "a b",
    ] {
        assert!(text.parse::<AllowedHost>().is_err(), "{text}");
    }
    for (text, shown) in [
        ("API.example.com", "https://api.example.com:443/"),
        ("*.example.com/a", "https://*.example.com:443/a/"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ] {
        assert_eq!(text.parse::<AllowedHost>().unwrap().to_string(), shown);
    }
}
