//! Recordings are fetched by the worker alone, for who has a service token, from the providers' hosts and from no other:
//! links come from outside, and what they open is secret.

use curbe_tests::simulator::provider_api::{Behaviour, ProviderApi};
use curbe_tests::stack::services::Kind;
use curbe_tests::stack::wait_until;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::SOON;
use crate::fixture::recordings::Studio;
use crate::fixture::tokens::claims;

#[tokio::test]
async fn by_nobody_without_a_service_token() {
    let studio = Studio::open(&[]).await;
    let (log, _) = studio.twilio().await;
    let token = studio.bank.stack.secrets().service_token.clone();
    let user = studio.bank.sign(&claims(studio.user.id));
    for shown in [None, Some(""), Some("x"), Some(&token[1..]), Some(user.as_str())] {
        for id in [log, Uuid::new_v4()] {
            let refused = studio.ask_with(id, shown, &[]).await;
            assert_eq!(refused.status(), 401, "{shown:?}");
            assert_eq!(refused.headers()["www-authenticate"], "Bearer");
            assert_eq!(refused.headers()[CONTENT_TYPE], "application/problem+json");
        }
    }
    assert!(studio.provider.interface.seen().is_empty());
    studio.plays(log).await;
}

#[tokio::test]
async fn from_no_other_host_wherever_links_lead() {
    let studio = Studio::open(&[]).await;
    let stranger = format!("{}/a.wav", studio.provider.stranger.url());
    let port = stranger.rsplit(':').next().unwrap();
    let storage = studio.provider.storage.url().trim_start_matches("http://");
    for link in [
        stranger.clone(),
        format!("http://localhost:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://{storage}@127.0.0.1:{port}"),
        format!("http://user:password@{storage}/a.wav"),
        format!("https://{storage}/a.wav"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://localhost/a.wav".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        // As the provider told it, which is no file, and as a redirect.
        if !link.starts_with("file:") {
            let told = studio.told(&link).await;
            assert_eq!(studio.refused(told).await, (502, "provider_failed".to_owned()), "{link}");
        }
        let (log, recording) = studio.twilio().await;
        studio.provider.behave(&recording, Behaviour::Redirect(link.clone()));
        assert_eq!(studio.refused(log).await, (502, "provider_failed".to_owned()), "{link}");
    }
    // A host that is allowed may not send us on to another one either, nor round and round.
    let (log, recording) = studio.twilio().await;
    let storage = studio.provider.telnyx_link("elsewhere");
    studio.provider.behave(&recording, Behaviour::Redirect(storage.clone()));
    studio.provider.behave("elsewhere", Behaviour::Redirect(stranger));
    assert_eq!(studio.refused(log).await.0, 502);
    studio.provider.behave("elsewhere", Behaviour::Redirect(storage));
    assert_eq!(studio.refused(log).await.0, 502);
    studio.logged("redirects").await;
    assert!(studio.provider.stranger.seen().is_empty());
}

/// A name that is allowed, and leads to ourselves.
#[tokio::test]
async fn from_no_inner_address_under_an_allowed_name() {
    let probe = ProviderApi::start().await.unwrap();
    let named = probe.stranger.url().replace("127.0.0.1", "localhost");
    let studio = Studio::open(&[("RECORDING_HOSTS", &named)]).await;
    let log = studio.told(&format!("{named}/a.wav")).await;
    assert_eq!(studio.refused(log).await, (502, "provider_failed".to_owned()));
    studio.logged("private_address").await;
    assert!(probe.stranger.seen().is_empty());
}

#[tokio::test]
async fn or_the_answer_says_why_not() {
    let timeouts = [("RECORDING_ANSWER_TIMEOUT", "3s")];
    let studio = Studio::open(&timeouts).await;
    let (log, recording) = studio.twilio().await;
    let failed = (502, "provider_failed".to_owned());
    let missing = (404, "no_recording".to_owned());
    for (behaviour, refused) in [
        (Behaviour::Status(404), missing.clone()),
        (Behaviour::Status(410), missing.clone()),
        (Behaviour::Status(403), failed.clone()),
        (Behaviour::Status(500), failed.clone()),
        (Behaviour::Status(429), failed.clone()),
        (Behaviour::Status(204), failed.clone()),
        (Behaviour::Page, failed),
        (Behaviour::Silent, (504, "provider_timed_out".to_owned())),
    ] {
        studio.provider.behave(&recording, behaviour.clone());
        assert_eq!(studio.refused(log).await, refused, "{behaviour:?}");
    }
    assert_eq!(studio.refused(Uuid::new_v4()).await, (404, "not_found".to_owned()));
    let silent = studio.user.calls("+523312345678", 61);
    studio.bank.hang_up(&silent).await;
    studio.bank.settled(&silent.sid).await;
    let id = sqlx::query_scalar("select id from call_logs where external_call_id = $1");
    let id = id.bind(&silent.sid).fetch_one(studio.bank.stack.pool()).await.unwrap();
    assert_eq!(studio.refused(id).await, missing);
}

#[tokio::test]
async fn and_the_log_tells_everything_but_secrets() {
    let closed = ProviderApi::start().await.unwrap().interface.url().to_owned();
    let studio = Studio::open(&[("TWILIO_API_URL", &closed)]).await;
    let log = studio.signalwire(&studio.provider.signalwire_link("r1")).await;
    studio.provider.behave("r1", Behaviour::Redirect(studio.provider.telnyx_link("r2")));
    studio.plays(log).await;
    let line = studio.logged("complete").await;
    assert_eq!((&line["callLogId"], &line["provider"]), (&json!(log), &json!("signalwire")));
    assert_eq!((&line["status"], &line["bytes"]), (&json!(200), &json!(16_044)));
    assert_eq!(line["host"], "127.0.0.1");
    assert!(line["leg"].is_string() && line["requestId"].is_string(), "{line}");
    // Links that are not followed, and one that leads to nobody.
    for (link, outcome) in [
        ("https://evil.example/hush?X-Amz-Signature=hush".to_owned(), "link_refused"),
        ("http://hush:hush@127.0.0.1/hush".to_owned(), "link_refused"),
        (format!("{closed}/hush?X-Amz-Signature=hush"), "unreachable"),
    ] {
        assert_eq!(studio.refused(studio.told(&link).await).await.0, 502);
        let line = studio.logged(outcome).await;
        assert_eq!(line["status"], 502);
    }
    let hosts = studio.log();
    assert!(
        hosts.contains("\"host\":\"evil.example\""),
        "whoever keeps the list is not told: {hosts}"
    );
    let text = studio.log();
    let token = studio.bank.stack.secrets().service_token.clone();
    for secret in studio.provider.secrets().into_iter().chain([token.as_str(), "hush", "X-Amz"]) {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn and_the_metrics_count_it() {
    let studio = Studio::open(&[]).await;
    let (log, _) = studio.twilio().await;
    studio.plays(log).await;
    let worker = studio.bank.stack.services_of(Kind::Worker);
    let url = format!("{}/metrics", worker[0].admin_url());
    wait_until(SOON, "the metrics", async || {
        let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
        let wanted = [
            "curbe_recordings_total{provider=\"twilio\",outcome=\"complete\"} 1",
            "curbe_recording_bytes_total 16044",
            "curbe_recording_streams 0",
            "curbe_recording_answer_seconds_count 1",
        ];
        if wanted.iter().all(|line| text.contains(line)) { Ok(()) } else { Err(text) }
    })
    .await;
}
