//! Pages and sockets are for those whose token we signed, for us, and not too long ago; and for no other site's page.

use curbe_tests::simulator::browser::{Ended, Hello};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::customers::User;
use crate::fixture::socket::{QUICK_HEARTBEAT, Socket};
use crate::fixture::tokens::{claims, claims_until, signed_with, unsigned};

const ALLOWED_ORIGIN: &str = "http://localhost:3000";

async fn bank() -> (Bank, User) {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[QUICK_HEARTBEAT]).await.unwrap();
    let user = bank.customer().await;
    (bank, user)
}

fn forgeries(bank: &Bank, user: &User) -> Vec<(&'static str, String)> {
    let good = claims(user.id);
    let secret = &bank.stack.secrets().jwt_secret;
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        bank.sign(&claims)
    };
    vec![
        ("expired", bank.sign(&claims_until(user.id, -60))),
        ("signed by nobody", unsigned(&good)),
        ("another algorithm", signed_with(&good, Algorithm::HS512, secret)),
        ("another key", signed_with(&good, Algorithm::HS256, &"x".repeat(64))),
        ("for somebody else", with("aud", json!("another-service"))),
        ("for nobody", with("aud", Value::Null)),
        ("no end", with("exp", Value::Null)),
        ("an unknown user", with("sub", json!(Uuid::new_v4()))),
        ("no user", with("sub", Value::Null)),
        ("no token", "x".to_owned()),
    ]
}

/// A heartbeat may have come as well.
fn was_only_welcomed(socket: &Socket, what: &str) {
    let told = socket.frames.iter().filter(|frame| frame["type"] != "heartbeat").count();
    assert_eq!(told, 1, "{what}: {}", socket.shown());
}

#[tokio::test]
async fn of_ours_and_in_time() {
    let (bank, user) = bank().await;
    let paths =
        ["/api/wallet/balance", "/api/logs", "/api/logs/00000000-0000-0000-0000-000000000000"];
    for (what, token) in forgeries(&bank, &user) {
        let browser = bank.browser_with(token.clone());
        for path in paths {
            let page = browser.get(path).await;
            assert_eq!(page.status, 401, "{what}: {page:?}");
            assert!(page.headers.contains_key("www-authenticate"), "{what}: {page:?}");
        }
        for since in [None, Some(0)] {
            let hello = Hello { since, ..Hello::new(&token) };
            let refused = bank.try_socket(&hello).await.err();
            assert_eq!(refused, Some(Ended::Closed(Some(4501))), "{what}");
        }
        let mut socket = bank.socket(&user).await;
        socket.refresh(&token).await;
        let expected = if what == "an unknown user" { 4503 } else { 4501 };
        assert_eq!(socket.closed().await, Ended::Closed(Some(expected)), "{what}");
        was_only_welcomed(&socket, what);
    }
    assert_eq!(bank.browser(&user).get(paths[0]).await.status, 200);
    bank.socket(&user).await;
}

#[tokio::test]
async fn until_it_ends() {
    let (bank, user) = bank().await;
    let token = bank.sign(&claims_until(user.id, 10));
    let mut socket = bank.try_socket(&Hello::new(&token)).await.unwrap();
    let notice = socket.next().await.unwrap();
    assert_eq!(notice["type"], "token_expiring", "{notice}");
    assert_eq!(socket.closed().await, Ended::Closed(Some(4002)));
}

#[tokio::test]
async fn or_a_new_one_takes_its_place() {
    let (bank, user) = bank().await;
    // What is not announced at once is told again by a worker.
    bank.stack.start_worker(&[]).await.unwrap();
    let first = claims_until(user.id, 15);
    let token = bank.sign(&first);
    let mut socket = bank.try_socket(&Hello::new(&token)).await.unwrap();
    let notice = socket.next().await.unwrap();
    assert_eq!(notice["type"], "token_expiring", "{notice}");
    let renewed = claims(user.id);
    socket.refresh(&bank.sign(&renewed)).await;
    let frames = socket.until(|frame| frame["type"] == "refreshed").await;
    let expires_at = frames.last().unwrap()["expiresAt"].as_str().unwrap();
    let expires_at = OffsetDateTime::parse(expires_at, &Rfc3339).unwrap();
    assert_eq!(json!(expires_at.unix_timestamp()), renewed["exp"]);
    // A heartbeat after the first token has ended.
    let ends_at = first["exp"].as_i64().unwrap();
    while OffsetDateTime::now_utc().unix_timestamp() <= ends_at {
        socket.until(|frame| frame["type"] == "heartbeat").await;
    }
    socket.until(|frame| frame["type"] == "heartbeat").await;
    bank.refill(&user, "1.0000", "later").await;
    assert_eq!(socket.up_to(2).await.last().unwrap()["data"]["newBalance"], "11.0000");
}

#[tokio::test]
async fn and_never_a_strangers() {
    let (bank, user) = bank().await;
    let colleague = bank.member(user.organization, "admin").await;
    let stranger = bank.customer().await;
    for other in [&colleague, &stranger] {
        let mut socket = bank.socket(&user).await;
        socket.refresh(&bank.sign(&claims(other.id))).await;
        assert_eq!(socket.closed().await, Ended::Closed(Some(4503)));
        was_only_welcomed(&socket, "a stranger's");
    }
}

#[tokio::test]
async fn with_what_its_user_may_see_by_then() {
    let (bank, user) = bank().await;
    bank.stack.start_worker(&[]).await.unwrap();
    let colleague = bank.member(user.organization, "member").await;
    let mut socket = bank.socket(&user).await;
    for (role, sees_the_call) in [("admin", true), ("member", false)] {
        bank.sql(&format!("update users set role = '{role}' where id = '{}'", user.id)).await;
        socket.refresh(&bank.sign(&claims(user.id))).await;
        let frames = socket.until(|frame| frame["type"] == "welcome").await;
        let welcome = frames.last().unwrap();
        let seq = bank.seq(&user).await;
        assert_eq!((&welcome["resumed"], &welcome["seq"]), (&json!(false), &json!(seq)));
        assert!(frames.iter().any(|frame| frame["type"] == "refreshed"), "{frames:?}");

        let call = colleague.calls("+523312345678", 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
        let frames = socket.until(|frame| frame["seq"].as_i64() >= Some(seq + 2)).await;
        let told = frames.iter().any(|frame| frame["type"] == "new_call_log");
        assert_eq!(told, sees_the_call, "{role}: {frames:?}");
    }
}

#[tokio::test]
async fn and_no_longer_what_was_taken_from_him() {
    let (bank, user) = bank().await;
    bank.stack.start_worker(&[]).await.unwrap();
    let admin = bank.member(user.organization, "admin").await;
    let mut socket = bank.socket(&admin).await;
    for (role, sees_the_call) in [("admin", true), ("member", false)] {
        bank.sql(&format!("update users set role = '{role}' where id = '{}'", admin.id)).await;
        if !sees_the_call {
            let frames = socket.until(|frame| frame["type"] == "welcome").await;
            assert_eq!(frames.last().unwrap()["resumed"], false);
        }
        let seq = bank.seq(&user).await;
        let call = user.calls("+523312345678", 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
        let frames = socket.until(|frame| frame["seq"].as_i64() >= Some(seq + 2)).await;
        let told = frames.iter().any(|frame| frame["type"] == "new_call_log");
        assert_eq!(told, sees_the_call, "{role}: {frames:?}");
    }
    // Who is nobody any more is told nothing at all.
    let (from, to) = (admin.id, user.id);
    bank.sql(&format!("update phone_numbers set user_id = '{to}' where user_id = '{from}'")).await;
    bank.sql(&format!("delete from users where id = '{}'", admin.id)).await;
    assert_eq!(socket.closed().await, Ended::Closed(Some(4501)));
}

#[tokio::test]
async fn and_from_our_own_pages() {
    let (bank, user) = bank().await;
    let token = bank.sign(&claims(user.id));
    let from = |origin| Hello { origin: Some(origin), ..Hello::new(&token) };
    for origin in ["https://evil.example", "null", "http://localhost:3000.evil.example"] {
        let refused = bank.try_socket(&from(origin)).await.err();
        assert_eq!(refused, Some(Ended::Upgrade(403)), "{origin}");
        let allowed = bank.browser(&user).allowed_origin("/api/wallet/balance", origin).await;
        assert_ne!(allowed.as_deref(), Some(origin));
        assert_ne!(allowed.as_deref(), Some("*"));
    }
    bank.try_socket(&from(ALLOWED_ORIGIN)).await.unwrap();
    let allowed = bank.browser(&user).allowed_origin("/api/wallet/balance", ALLOWED_ORIGIN).await;
    assert_eq!(allowed.as_deref(), Some(ALLOWED_ORIGIN));
}
