//! A recording reaches whoever may hear it as its provider has it: from each provider in its own way, whole or in the
//! part that was asked for, as it comes, and never half without an error.

use curbe_tests::simulator::provider_api::{Behaviour, Host, tone};
use curbe_tests::simulator::signalwire::PROJECT;
use curbe_tests::simulator::telnyx::TelnyxLeg;
use curbe_tests::simulator::twilio::ACCOUNT;
use curbe_tests::stack::wait_until;
use reqwest::header::{AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};

use crate::fixture::SOON;
use crate::fixture::recordings::Studio;

/// Nothing that came to this host was secret.
fn has_seen_no_secret(host: &Host, secrets: &[&str]) {
    for seen in host.seen() {
        assert!(!seen.headers.contains_key(AUTHORIZATION), "{seen:?}");
        let shown = format!("{seen:?}");
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{seen:?}");
    }
}

#[tokio::test]
async fn at_twilio_with_the_accounts_token_and_from_where_it_leads() {
    let studio = Studio::open(&[]).await;
    let (log, recording) = studio.twilio().await;
    studio.plays(log).await;
    let asked = studio.provider.interface.seen();
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}.mp3");
    assert_eq!(asked.iter().map(|seen| seen.uri.to_string()).collect::<Vec<_>>(), [path]);

    let elsewhere = studio.provider.telnyx_link("elsewhere");
    studio.provider.behave(&recording, Behaviour::Redirect(elsewhere));
    studio.plays(log).await;
    assert_eq!(studio.provider.storage.seen().len(), 1);
    has_seen_no_secret(&studio.provider.storage, &studio.provider.secrets());
}

#[tokio::test]
async fn at_signalwire_with_the_projects_token_or_without() {
    let studio = Studio::open(&[]).await;
    let space = studio.signalwire(&studio.provider.signalwire_link("r1")).await;
    studio.plays(space).await;
    let asked = studio.provider.interface.seen();
    let path = format!("/api/laml/2010-04-01/Accounts/{PROJECT}/Recordings/r1.mp3");
    assert_eq!(asked.iter().map(|seen| seen.uri.to_string()).collect::<Vec<_>>(), [path]);
    let file = format!("{}/{PROJECT}/r2.wav", studio.provider.storage.url());
    studio.plays(studio.signalwire(&file).await).await;
    has_seen_no_secret(&studio.provider.storage, &studio.provider.secrets());
}

#[tokio::test]
async fn at_telnyx_by_a_fresh_link_once_the_one_told_has_died() {
    let studio = Studio::open(&[]).await;
    let leg = || {
        let leg = TelnyxLeg::outbound(&studio.user.number, "+523312345678", 61);
        let recording_url = studio.provider.telnyx_link(&leg.leg_id.to_string());
        TelnyxLeg { recording_url, ..leg }
    };
    let (by_leg, by_id) = (leg(), leg());
    let leg_id = by_leg.leg_id.to_string();
    let id = studio.provider.telnyx_records(&leg_id);
    let recordings = [
        (studio.call_control(&by_leg).await, id),
        (studio.texml(&by_id).await, by_id.leg_id.to_string()),
    ];
    studio.provider.telnyx_records_as(&recordings[1].1, "a leg of another name");
    studio.provider.links_die();
    for (log, id) in recordings {
        studio.plays(log).await;
        let asked = studio.provider.storage.seen();
        assert!(asked.last().unwrap().uri.path().ends_with(&format!("/{id}.wav")), "{asked:?}");
    }
    has_seen_no_secret(&studio.provider.storage, &studio.provider.secrets());
    // Deleted at Telnyx: under its leg, and under its id.
    for gone in [studio.call_control(&leg()).await, studio.texml(&leg()).await] {
        assert_eq!(studio.refused(gone).await, (404, "no_recording".to_owned()));
    }
}

#[tokio::test]
async fn in_the_part_that_is_asked_for() {
    let studio = Studio::open(&[]).await;
    let (log, _) = studio.twilio().await;
    for (range, part, told) in [
        ("bytes=0-1", 0..2, "bytes 0-1/16044"),
        ("bytes=16000-", 16_000..16_044, "bytes 16000-16043/16044"),
        ("bytes=-44", 16_000..16_044, "bytes 16000-16043/16044"),
    ] {
        let heard = studio.hear(log, &[(RANGE, range)]).await;
        assert_eq!((heard.status, heard.body.as_slice()), (206, &tone()[part]), "{range}");
        assert_eq!(heard.headers[CONTENT_RANGE], told);
        assert_eq!(heard.headers[CONTENT_TYPE], "audio/x-wav");
    }
    let beyond = studio.hear(log, &[(RANGE, "bytes=99999-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.headers[CONTENT_RANGE], "bytes */16044");
    assert_eq!(beyond.headers[CONTENT_TYPE], "application/problem+json");
    let validator = studio.hear(log, &[]).await.headers[ETAG].clone();
    let validator = validator.to_str().unwrap();
    for (validator, status) in [(validator, 206), ("\"another\"", 200)] {
        let heard = studio.hear(log, &[(RANGE, "bytes=0-1"), (IF_RANGE, validator)]).await;
        assert_eq!(heard.status, status, "{validator}");
    }
    // Several parts at once are answered with the whole.
    let whole = studio.hear(log, &[(RANGE, "bytes=0-1,5-6")]).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, &tone()[..]));
}

#[tokio::test]
async fn until_the_listener_goes() {
    let studio = Studio::open(&[("RECORDING_STREAMS_MAX", "1")]).await;
    let (log, recording) = studio.twilio().await;
    studio.provider.behave(&recording, Behaviour::Endless);
    let mut listening = studio.ask(log, &[]).await;
    for _ in 0..3 {
        assert!(listening.chunk().await.unwrap().is_some());
    }
    assert_eq!(studio.provider.abandoned(), 0);
    // As many as may listen do.
    assert_eq!(studio.refused(log).await, (503, "busy".to_owned()));
    drop(listening);
    wait_until(SOON, "the provider to be let go", async || match studio.provider.abandoned() {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    let line = studio.logged("listener_gone").await;
    assert!(line["bytes"].as_u64().unwrap() > 0, "{line}");
    studio.provider.behave(&recording, Behaviour::Audio);
    wait_until(SOON, "the place to be free", async || match studio.ask(log, &[]).await.status() {
        status if status == 200 => Ok(()),
        status => Err(status),
    })
    .await;
}

#[tokio::test]
async fn to_its_end_or_with_an_error() {
    let studio = Studio::open(&[("RECORDING_IDLE_TIMEOUT", "3s")]).await;
    for (behaviour, outcome) in
        [(Behaviour::Stalled, "provider_silent"), (Behaviour::Broken, "provider_gone")]
    {
        let (log, recording) = studio.twilio().await;
        studio.provider.behave(&recording, behaviour);
        let response = studio.ask(log, &[]).await;
        assert_eq!(response.status(), 200);
        let whole = tokio::time::timeout(SOON, response.bytes()).await.unwrap();
        assert!(whole.is_err(), "{outcome}: a part was taken for the whole");
        studio.logged(outcome).await;
    }
    // Nobody listens, and the connection stays open: it is not held for ever.
    let (log, recording) = studio.twilio().await;
    studio.provider.behave(&recording, Behaviour::Endless);
    let _listening = studio.ask(log, &[]).await;
    studio.logged("listener_silent").await;
    wait_until(SOON, "the provider to be let go", async || match studio.provider.abandoned() {
        0 => Err("it is not"),
        _ => Ok(()),
    })
    .await;
}
