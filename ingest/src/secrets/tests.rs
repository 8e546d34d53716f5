//! Whom a secret vouches for, and what is said of a file that cannot be used.

use std::fs;
use std::path::PathBuf;

use curbe_platform::config::{Environment, read};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::config::Config;

const EXAMPLE: &str = include_str!("../../../deploy/provider-secrets.example.json");
const SCHEMA: &str = include_str!("../../../deploy/provider-secrets.schema.json");
const ACCOUNT: &str = "AC00000000000000000000000000000001";
const PROJECT: &str = "6bfbbe86-a901-4197-8759-2a0de1fa319d";
const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const OTHER_KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

fn config(pairs: &[(&str, &str)]) -> Config {
    let required = [
        ("NATS_URL", "nats://queue:4222"),
        ("REDIS_URL", "redis://cache"),
        ("PUBLIC_BASE_URL", "https://a.example"),
        ("SPOOL_DIRECTORY", "/spool"),
        ("PROVIDER_SECRETS_FILE", "/secrets.json"),
    ];
    let all = required.iter().chain(pairs);
    let environment: Environment =
        all.map(|&(name, value)| (name.to_owned(), value.into())).collect();
    read(&environment).unwrap()
}

fn secrets(pairs: &[(&str, &str)], content: &str) -> Result<Secrets, Problem> {
    Source::new(&config(pairs)).secrets(Some(content.as_bytes()))
}

fn shown<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Vec<&'a str> {
    secrets.into_iter().map(SecretString::expose_secret).collect()
}

#[test]
fn an_account_that_the_file_names_has_its_own_secrets_alone() {
    let variables = [
        ("TWILIO_AUTH_TOKENS", "t1,t2"),
        ("AUTH_TOKEN", "t3"),
        ("SIGNALWIRE_SIGNING_KEYS", "PSK_1"),
        ("TELNYX_PUBLIC_KEYS", OTHER_KEY),
    ];
    let file = format!(
        r#"{{"version":1,"twilio":{{"accounts":{{"{ACCOUNT}":["new","old"]}}}},
           "signalwire":{{"projects":{{"{PROJECT}":["PSK_own"]}}}},
           "telnyx":{{"publicKeys":[{{"key":"{KEY}","connections":["168","169"]}}]}}}}"#
    );
    let secrets = secrets(&variables, &file).unwrap();
    let (twilio, signalwire, telnyx) = (&secrets.twilio, &secrets.signalwire, &secrets.telnyx);
    assert_eq!(shown(twilio.of(Some(ACCOUNT))), ["new", "old"]);
    assert_eq!(shown(signalwire.of(Some(PROJECT))), ["PSK_own"]);
    let (own, common) = (PublicKey::parse(KEY).unwrap(), PublicKey::parse(OTHER_KEY).unwrap());
    for connection in ["168", "169"] {
        assert_eq!(telnyx.of(Some(connection)), std::slice::from_ref(&own));
    }
    // Everybody else, and whoever says nothing readable.
    for other in [Some("AC00000000000000000000000000000002"), Some("168"), Some(""), None] {
        assert_eq!(shown(twilio.of(other)), ["t1", "t2", "t3"], "{other:?}");
        assert_eq!(shown(signalwire.of(other)), ["PSK_1"], "{other:?}");
    }
    for other in [Some(ACCOUNT), Some("170"), None] {
        assert_eq!(telnyx.of(other), std::slice::from_ref(&common), "{other:?}");
    }
}

#[test]
fn a_telnyx_key_without_connections_is_for_those_that_no_key_names() {
    let secrets = secrets(&[], EXAMPLE).unwrap();
    let (own, common) = (PublicKey::parse(KEY).unwrap(), PublicKey::parse(OTHER_KEY).unwrap());
    assert_eq!(secrets.telnyx.of(Some("1684641123236054244")), [own]);
    assert_eq!(secrets.telnyx.of(Some("1")), [common]);
}

#[test]
fn the_example_and_the_schema_are_of_this_format() {
    assert!(secrets(&[], EXAMPLE).is_ok());
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let names = |pointer: &str| {
        let object = schema.pointer(pointer).and_then(serde_json::Value::as_object).unwrap();
        object.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("/properties"), "$schema signalwire telnyx twilio version");
    assert_eq!(names("/properties/twilio/properties"), "accounts");
    assert_eq!(names("/properties/signalwire/properties"), "projects");
    assert_eq!(names("/properties/telnyx/properties"), "publicKeys");
    assert_eq!(
        names("/properties/telnyx/properties/publicKeys/items/properties"),
        "connections key"
    );
}

#[test]
fn a_misfit_is_told_by_its_place_and_never_by_what_stands_there() {
    let accounts = |inner: &str| format!(r#"{{"version":1,"twilio":{{"accounts":{inner}}}}}"#);
    let keys = |inner: &str| format!(r#"{{"version":1,"telnyx":{{"publicKeys":{inner}}}}}"#);
    let of = |secrets: &str| accounts(&format!(r#"{{"{ACCOUNT}":{secrets}}}"#));
    let account = format!("/twilio/accounts/{ACCOUNT}");
    let (first, second) = (format!("{account}/0"), format!("{account}/1"));
    let project = format!(r#"{{"version":1,"signalwire":{{"projects":{{"{}":[]}}}}}}"#, "HUSH");
    for (content, pointer, reason) in [
        ("", "", "is no JSON, at line 1, column 0"),
        (r#"{"version":1,"hush"}"#, "", "is no JSON, at line 1, column 20"),
        (r#"["hush"]"#, "", "is no object"),
        (r#""hush""#, "", "is no object"),
        ("{}", "", "has no version"),
        (r#"{"version":2}"#, "/version", "is not 1"),
        (r#"{"version":"1"}"#, "/version", "is not 1"),
        (r#"{"version":1,"version":1}"#, "/version", "is there twice"),
        (r#"{"version":1,"hush":{}}"#, "", "has a name other than"),
        (r#"{"version":1,"twilio":["hush"]}"#, "/twilio", "is no object"),
        (r#"{"version":1,"twilio":{"hush":1}}"#, "/twilio", "has a name other than accounts"),
        (&accounts(r#"{"hush":["x"]}"#), "/twilio/accounts", "has a name that is no account"),
        (&project, "/signalwire/projects", "has a name that is no project"),
        (
            &accounts(&format!(r#"{{"{}":["hush"]}}"#, ACCOUNT.to_lowercase())),
            "/twilio/accounts",
            "has a name that is no account: AC and 32 lowercase hex digits",
        ),
        (
            &accounts(&format!(r#"{{"{ACCOUNT}":["a"],"{ACCOUNT}":["b"]}}"#)),
            &account,
            "is there twice",
        ),
        (&of(r#""hush""#), &account, "is no list"),
        (&of("[]"), &account, "is empty"),
        (&of(r#"[""]"#), &first, "is empty"),
        (&of(r#"["hush"," \t"]"#), &second, "is empty"),
        (&of(r#"["hush hush"]"#), &first, "holds spaces"),
        (&of(r#"["hush\n"]"#), &first, "holds spaces"),
        (&of(r#"["x",{"hush":"hush"}]"#), &second, "is no text"),
        (&of("[17]"), &first, "is no text"),
        (&of(r#"["hush","hush"]"#), &second, "is at /twilio/accounts"),
        (&keys(r#"{"hush":1}"#), "/telnyx/publicKeys", "is no list"),
        (&keys(r#"["hush"]"#), "/telnyx/publicKeys/0", "is no object"),
        (&keys(r#"[{"connections":["1"]}]"#), "/telnyx/publicKeys/0", "has no key"),
        (&keys(r#"[{"key":"hush"}]"#), "/telnyx/publicKeys/0/key", "is not base64 of 32 bytes"),
        (
            &keys(&format!(r#"[{{"key":"{KEY}","connections":[]}}]"#)),
            "/telnyx/publicKeys/0/connections",
            "is empty",
        ),
        (
            &keys(&format!(r#"[{{"key":"{KEY}","connections":["a b"]}}]"#)),
            "/telnyx/publicKeys/0/connections/0",
            "is no connection id",
        ),
        (
            &keys(&format!(r#"[{{"key":"{KEY}"}},{{"key":"{KEY}","connections":["1"]}}]"#)),
            "/telnyx/publicKeys/1/key",
            "is at /telnyx/publicKeys/0/key",
        ),
    ] {
        let problem = secrets(&[("AUTH_TOKEN", "other")], content).unwrap_err();
        assert_eq!(problem.variable, "PROVIDER_SECRETS_FILE", "{content}");
        let place = if pointer.is_empty() { String::new() } else { format!("at {pointer} ") };
        let expected = format!("/secrets.json {place}{reason}");
        assert!(problem.reason.starts_with(&expected), "{content}: {}", problem.reason);
        assert!(!problem.reason.to_lowercase().contains("hush"), "{}", problem.reason);
    }
}

#[test]
fn no_secret_is_two_providers_or_two_accounts() {
    let two = "AC00000000000000000000000000000002";
    let accounts = format!(
        r#"{{"version":1,"twilio":{{"accounts":{{"{ACCOUNT}":["hush"],"{two}":["hush"]}}}}}}"#
    );
    let problem = secrets(&[], &accounts).unwrap_err();
    assert!(problem.reason.contains(&format!("at /twilio/accounts/{two}/0 is at")), "{problem:?}");
    let project =
        format!(r#"{{"version":1,"signalwire":{{"projects":{{"{PROJECT}":["hush"]}}}}}}"#);
    let problem = secrets(&[("AUTH_TOKEN", "hush")], &project).unwrap_err();
    assert!(
        problem.reason.ends_with("is a secret of twilio as well, by AUTH_TOKEN"),
        "{problem:?}"
    );
    // A public key would let everybody sign.
    let account = format!(r#"{{"version":1,"twilio":{{"accounts":{{"{ACCOUNT}":["{KEY}"]}}}}}}"#);
    assert!(secrets(&[("TELNYX_PUBLIC_KEYS", KEY)], &account).is_err());
    // While an account moves from a variable to the file, both hold its token.
    let account = format!(r#"{{"version":1,"twilio":{{"accounts":{{"{ACCOUNT}":["hush"]}}}}}}"#);
    assert!(secrets(&[("AUTH_TOKEN", "hush"), ("TWILIO_AUTH_TOKENS", "hush")], &account).is_ok());
}

#[test]
fn a_file_alone_is_enough_if_it_holds_a_secret() {
    assert!(secrets(&[], EXAMPLE).is_ok());
    for empty in [r#"{"version":1}"#, r#"{"version":1,"twilio":{"accounts":{}}}"#] {
        let problem = secrets(&[], empty).unwrap_err();
        assert!(problem.reason.contains("PROVIDER_SECRETS_FILE"), "{problem:?}");
        assert!(secrets(&[("AUTH_TOKEN", "x")], empty).is_ok());
    }
}

#[test]
fn a_file_that_cannot_be_had_is_named_with_its_reason() {
    let checked = |path: &PathBuf| {
        let path = path.to_string_lossy();
        config(&[("PROVIDER_SECRETS_FILE", &path), ("AUTH_TOKEN", "x")]).check()
    };
    let folder = std::env::temp_dir();
    let path = folder.join(format!("curbe-provider-secrets-{}.json", std::process::id()));
    let problem = checked(&path).unwrap_err();
    assert!(problem.reason.contains("cannot read") && problem.reason.contains("No such file"));
    assert!(checked(&folder).unwrap_err().reason.contains("cannot read"));
    fs::write(&path, EXAMPLE).unwrap();
    let good = checked(&path);
    fs::write(&path, vec![b' '; 1_048_577]).unwrap();
    let large = checked(&path);
    fs::remove_file(&path).unwrap();
    assert_eq!(good, Ok(()));
    assert!(large.unwrap_err().reason.ends_with("is longer than 1048576 bytes"));
}

#[test]
fn nothing_secret_is_shown() {
    let account = format!(r#"{{"version":1,"twilio":{{"accounts":{{"{ACCOUNT}":["hush"]}}}}}}"#);
    let config = config(&[("AUTH_TOKEN", "hush"), ("TELNYX_PUBLIC_KEYS", KEY)]);
    let source = Source::new(&config);
    assert!(!format!("{source:?}").contains("hush"));
    assert!(!format!("{:?}", source.secrets(Some(account.as_bytes()))).contains("hush"));
}

/// How every secret of the example begins.
const CANARY: &str = "replace-with";

proptest! {
    #[test]
    fn no_content_is_used_by_halves_or_told(bytes: Vec<u8>, at: Index, byte: u8) {
        let given = |content: &[u8]| Source::new(&config(&[])).secrets(Some(content));
        given(&bytes).ok();
        let mut changed = EXAMPLE.trim_end().as_bytes().to_vec();
        let at = at.index(changed.len());
        changed[at] = byte;
        for content in [&changed[..], &changed[..at]] {
            if let Err(problem) = given(content) {
                let words = format!("{problem:?}");
                prop_assert!(!words.contains(CANARY), "{words}");
            }
        }
        prop_assert!(given(&changed[..at]).is_err());
    }
}
