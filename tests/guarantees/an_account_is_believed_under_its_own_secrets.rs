//! Nobody's secret vouches for an account that the file of secrets gives to somebody else.

use std::fs;

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::signers::Signers;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::secrets::Secrets;
use curbe_tests::stack::{Stack, paths};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fixture::Bank;
use crate::fixture::hangups::{Accounts, UNNAMED, hangups};

const FIRST: Accounts<'_> = Accounts {
    twilio: Some("AC00000000000000000000000000000001"),
    signalwire: Some("00000000-0000-4000-8000-000000000001"),
    telnyx: Some("168"),
};
const SECOND: Accounts<'_> = Accounts {
    twilio: Some("AC00000000000000000000000000000002"),
    signalwire: Some("00000000-0000-4000-8000-000000000002"),
    telnyx: Some("169"),
};
const NOBODY: Accounts<'_> = Accounts { twilio: None, signalwire: None, telnyx: None };

fn file(first: &[&Secrets], second: &Secrets) -> Value {
    let tokens: Vec<_> = first.iter().map(|secrets| &secrets.twilio_auth_token).collect();
    let keys: Vec<_> = first.iter().map(|secrets| &secrets.signalwire_signing_key).collect();
    let bound = |secrets: &Secrets, connection| json!({"key": secrets.telnyx_public_key(), "connections": [connection]});
    let of_first = first.iter().map(|secrets| bound(secrets, FIRST.telnyx));
    let public_keys: Vec<_> = of_first.chain([bound(second, SECOND.telnyx)]).collect();
    json!({
        "version": 1,
        "twilio": {"accounts": {
            FIRST.twilio.unwrap(): tokens,
            SECOND.twilio.unwrap(): [&second.twilio_auth_token],
        }},
        "signalwire": {"projects": {
            FIRST.signalwire.unwrap(): keys,
            SECOND.signalwire.unwrap(): [&second.signalwire_signing_key],
        }},
        "telnyx": {"publicKeys": public_keys},
    })
}

#[tokio::test]
async fn and_so_is_everybody_else_under_the_variables() {
    let folder = TestDirectory::new("secrets").unwrap();
    let path = folder.path().join("secrets.json");
    let [now, before, second, stranger] = [(); 4].map(|()| Secrets::random());
    fs::write(&path, file(&[&now, &before], &second).to_string()).unwrap();
    let variable = ("PROVIDER_SECRETS_FILE", path.to_str().unwrap());
    let bank = Bank::on(Stack::for_test().await, &[variable]).await;
    let common = bank.stack.secrets();
    let mut accepted = 0;
    for (by, secrets, of, expected) in [
        ("its own", &now, FIRST, 204),
        ("its older one", &before, FIRST, 204),
        ("the other's", &second, FIRST, 403),
        ("the variables'", common, FIRST, 403),
        ("its own", &second, SECOND, 204),
        ("the other's", &now, SECOND, 403),
        ("the other's older one", &before, SECOND, 403),
        ("the variables'", common, UNNAMED, 204),
        ("the first's", &now, UNNAMED, 403),
        ("the variables'", common, NOBODY, 204),
        ("the first's", &now, NOBODY, 403),
        ("a stranger's", &stranger, FIRST, 403),
        ("a stranger's", &stranger, UNNAMED, 403),
    ] {
        let signers = Signers::new(secrets, bank.ingest.url());
        for webhook in hangups(&signers, of) {
            let answer = bank.send(&webhook).await;
            let what = format!("{by} for {of:?}: {webhook:?}");
            assert_eq!((answer.status, answer.body.as_str()), (expected, ""), "{what}");
            accepted += u64::from(expected == 204);
        }
    }
    bank.nothing_is_spooled().await;
    assert_eq!(bank.stream().await.cached_info().state.messages, accepted);
}

#[tokio::test]
async fn and_one_that_names_two_accounts_under_neithers() {
    let folder = TestDirectory::new("secrets").unwrap();
    let path = folder.path().join("secrets.json");
    let [first, second] = [(); 2].map(|()| Secrets::random());
    fs::write(&path, file(&[&first], &second).to_string()).unwrap();
    let variable = ("PROVIDER_SECRETS_FILE", path.to_str().unwrap());
    let bank = Bank::on(Stack::for_test().await, &[variable]).await;
    for secrets in [&first, &second] {
        let signer = Signers::new(secrets, bank.ingest.url()).twilio;
        let account = |of: Accounts<'_>| ("AccountSid", of.twilio.unwrap().to_owned());
        for accounts in [[account(FIRST), account(SECOND)], [account(SECOND), account(FIRST)]] {
            let call = [("CallSid", "CA1".to_owned()), ("CallStatus", "completed".to_owned())];
            let fields = accounts.into_iter().chain(call).collect();
            let answer = bank.send(&signer.form(VOICE_EVENTS, &fields)).await;
            assert_eq!(answer.status, 403);
        }
    }
    assert_eq!(bank.stream().await.cached_info().state.messages, 0);
}

#[tokio::test]
async fn and_a_file_that_cannot_be_used_is_told_before_anything_begins() {
    let folder = TestDirectory::new("secrets").unwrap();
    let path = folder.path().join("secrets.json");
    let account = FIRST.twilio.unwrap();
    let file = json!({"version": 1, "twilio": {"accounts": {account: ["hush", "hush hush"]}}});
    fs::write(&path, file.to_string()).unwrap();
    let program = paths::binaries().unwrap().join("curbe-ingest");
    let ended = Command::new(program)
        .env_clear()
        // Nothing listens there.
        .env("NATS_URL", "nats://127.0.0.1:9")
        .env("REDIS_URL", "redis://127.0.0.1:9")
        .env("PUBLIC_BASE_URL", "https://hooks.example.com")
        .env("SPOOL_DIRECTORY", folder.path().join("spool"))
        .env("PROVIDER_SECRETS_FILE", &path)
        .output()
        .await
        .unwrap();
    assert_eq!(ended.status.code(), Some(78));
    let told = String::from_utf8(ended.stderr).unwrap();
    let place = format!("{} at /twilio/accounts/{account}/1 holds spaces", path.display());
    assert!(told.contains("PROVIDER_SECRETS_FILE") && told.contains(&place), "{told}");
    assert!(!told.contains("hush") && ended.stdout.is_empty(), "{told}");
}
