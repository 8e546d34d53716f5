//! The whole way of a recording, from its provider through the worker and the notifier to a browser: for the caller and
//! his organization's admins, and for nobody else.

use curbe_tests::simulator::provider_api::{Behaviour, tone};
use curbe_tests::stack::wait_until;
use reqwest::Response;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, RANGE};
use uuid::Uuid;

use crate::fixture::SOON;
use crate::fixture::customers::User;
use crate::fixture::recordings::Studio;
use crate::fixture::tokens::claims;

async fn studio() -> Studio {
    let studio = Studio::open(&[]).await;
    studio.bank.stack.start_notifier(&[]).await.unwrap();
    studio
}

/// A browser of this user asks for a part of a recording.
async fn listen(studio: &Studio, user: &User, log: Uuid, range: Option<&str>) -> Response {
    let url = format!("{}/api/logs/{log}/recording", studio.bank.stack.notifier_url());
    let request = studio.client.get(url).bearer_auth(studio.bank.sign(&claims(user.id)));
    let request = range.into_iter().fold(request, |request, range| request.header(RANGE, range));
    request.send().await.unwrap()
}

#[tokio::test]
async fn and_by_nobody_else() {
    let studio = studio().await;
    let (bank, caller) = (&studio.bank, &studio.user);
    let admin = bank.member(caller.organization, "admin").await;
    let colleague = bank.member(caller.organization, "member").await;
    let stranger = bank.customer().await;
    let (log, _) = studio.twilio().await;
    for user in [caller, &admin] {
        let heard = listen(&studio, user, log, None).await;
        assert_eq!(
            (heard.status().as_u16(), &heard.headers()[CONTENT_TYPE]),
            (200, &"audio/x-wav".parse().unwrap())
        );
        assert_eq!(heard.bytes().await.unwrap(), tone());
    }
    let asked = studio.provider.interface.seen().len();
    for user in [&colleague, &stranger] {
        let refused = listen(&studio, user, log, None).await;
        assert_eq!(refused.status(), 404);
        assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["code"], "not_found");
    }
    assert_eq!(studio.provider.interface.seen().len(), asked);
}

#[tokio::test]
async fn in_the_part_that_a_player_asks_for() {
    let studio = studio().await;
    let (log, _) = studio.twilio().await;
    let part = listen(&studio, &studio.user, log, Some("bytes=44-99")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()[CONTENT_RANGE], "bytes 44-99/16044");
    assert_eq!(part.bytes().await.unwrap(), tone().slice(44..100));
    let beyond = listen(&studio, &studio.user, log, Some("bytes=99999-")).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()[CONTENT_RANGE], "bytes */16044");
}

#[tokio::test]
async fn for_as_long_as_he_listens() {
    let studio = studio().await;
    let (log, recording) = studio.twilio().await;
    studio.provider.behave(&recording, Behaviour::Endless);
    let mut listening = listen(&studio, &studio.user, log, None).await;
    assert!(listening.chunk().await.unwrap().is_some());
    drop(listening);
    wait_until(SOON, "the provider to be let go", async || match studio.provider.abandoned() {
        0 => Err("it is not"),
        _ => Ok(()),
    })
    .await;
    studio.logged("listener_gone").await;
}
