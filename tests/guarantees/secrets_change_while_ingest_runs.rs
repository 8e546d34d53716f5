//! New secrets hold within seconds, removed ones end with them, and what cannot be used changes nothing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::sign::Signer;
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::Stack;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::wait::wait_until;
use serde_json::json;

use crate::fixture::Bank;
use crate::fixture::bank::with;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// A look a second, and two busy cores.
const DEADLINE: Duration = Duration::from_secs(15);

fn content(tokens: &[&str]) -> String {
    json!({"version": 1, "twilio": {"accounts": {ACCOUNT: tokens}}}).to_string()
}

async fn bank_with(path: &Path) -> Bank {
    let variable = ("PROVIDER_SECRETS_FILE", path.to_str().unwrap());
    Bank::on(Stack::for_test().await, &[variable]).await
}

/// The status for a call of the account, signed with this token.
async fn status(bank: &Bank, token: &str) -> u16 {
    let call = TwilioCall::outbound("+15005550100", "+523312345678").completed(61);
    let fields = with(call.hangup(), "AccountSid", Some(ACCOUNT));
    let signer = Signer::new(token, bank.ingest.url());
    bank.send(&signer.form(VOICE_EVENTS, &fields)).await.status
}

async fn taken(bank: &Bank, token: &str) {
    wait_until(DEADLINE, "the new token", async || match status(bank, token).await {
        204 => Ok(()),
        other => Err(other),
    })
    .await;
}

/// Waits for a line of `/metrics`.
async fn measured(bank: &Bank, line: &str) {
    let url = format!("{}/metrics", bank.ingest.admin_url());
    wait_until(DEADLINE, line, async || {
        let metrics = reqwest::get(&url).await.unwrap().text().await.unwrap();
        if metrics.lines().any(|told| told == line) { Ok(()) } else { Err(metrics) }
    })
    .await;
}

/// Puts a file in the place of another at one instant.
fn replace(path: &Path, content: &str) {
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, content).unwrap();
    fs::rename(&fresh, path).unwrap();
}

#[tokio::test]
async fn by_a_file_that_takes_the_place_of_another() {
    let folder = TestDirectory::new("secrets").unwrap();
    let path = folder.path().join("secrets.json");
    fs::write(&path, content(&["first"])).unwrap();
    let bank = bank_with(&path).await;
    assert_eq!((status(&bank, "first").await, status(&bank, "second").await), (204, 403));

    // As in a rotation: both for a while, then the new one alone.
    replace(&path, &content(&["second", "first"]));
    taken(&bank, "second").await;
    assert_eq!(status(&bank, "first").await, 204);
    replace(&path, &content(&["second", "third"]));
    taken(&bank, "third").await;
    assert_eq!((status(&bank, "first").await, status(&bank, "second").await), (403, 204));
    measured(&bank, "curbe_provider_secrets_reloads_total{outcome=\"taken\"} 2").await;
}

#[tokio::test]
async fn by_a_folder_that_takes_the_place_of_another() {
    // A Kubernetes secret: the file is a link through a link to a folder of the version.
    let folder = TestDirectory::new("secrets").unwrap();
    let version = |name: &str, content: &str| {
        let version = folder.path().join(name);
        fs::create_dir(&version).unwrap();
        fs::write(version.join("secrets.json"), content).unwrap();
        let fresh = folder.path().join("..data_tmp");
        symlink(name, &fresh).unwrap();
        fs::rename(&fresh, folder.path().join("..data")).unwrap();
    };
    version("..2026_11_21_01", &content(&["first"]));
    let path = folder.path().join("secrets.json");
    symlink("..data/secrets.json", &path).unwrap();
    let bank = bank_with(&path).await;
    assert_eq!((status(&bank, "first").await, status(&bank, "second").await), (204, 403));

    version("..2026_11_21_02", &content(&["second"]));
    taken(&bank, "second").await;
    assert_eq!(status(&bank, "first").await, 403);
}

#[tokio::test]
async fn but_not_by_what_cannot_be_used() {
    let folder = TestDirectory::new("secrets").unwrap();
    let path = folder.path().join("secrets.json");
    fs::write(&path, content(&["first"])).unwrap();
    let bank = bank_with(&path).await;
    let shared = content(&["second", &bank.stack.secrets().signalwire_signing_key]);
    for (number, broken) in
        ["", r#"{"version":1,"twilio":{"accounts":{"hush"#, &content(&["second", " "]), &shared]
            .into_iter()
            .enumerate()
    {
        replace(&path, broken);
        let refused = number + 1;
        let line = format!("curbe_provider_secrets_reloads_total{{outcome=\"refused\"}} {refused}");
        measured(&bank, &line).await;
        assert_eq!((status(&bank, "first").await, status(&bank, "second").await), (204, 403));
    }
    fs::remove_file(&path).unwrap();
    measured(&bank, "curbe_provider_secrets_reloads_total{outcome=\"refused\"} 5").await;
    measured(&bank, "curbe_provider_secrets_refused 1").await;
    assert_eq!(status(&bank, "first").await, 204);
    let log = bank.ingest.process().log();
    let place = format!("secrets.json at /twilio/accounts/{ACCOUNT}/1 is empty");
    assert!(log.contains(&place) && log.contains("\"level\":\"ERROR\""), "{log}");
    assert!(!log.contains("hush") && !log.contains("second"), "{log}");

    replace(&path, &content(&["second"]));
    taken(&bank, "second").await;
    assert_eq!(status(&bank, "first").await, 403);
    measured(&bank, "curbe_provider_secrets_refused 0").await;
}
