//! Pages and sockets are for those whose token we signed, for us, and not too long ago; and for no other site's page.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::customers::User;
use crate::fixture::socket::Refused;
use crate::fixture::tokens::{claims, claims_until, signed_with, unsigned};

const ALLOWED_ORIGIN: &str = "http://localhost:3000";

async fn bank() -> (Bank, User) {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[]).await.unwrap();
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
        let refused = bank.try_socket(&token, None).await.err();
        let is_closed = matches!(refused, Some(Refused::Closed(Some(4000..=4999))));
        assert!(is_closed, "{what}: {refused:?}");
    }
    assert_eq!(bank.browser(&user).get(paths[0]).await.status, 200);
    bank.try_socket(&bank.sign(&claims(user.id)), None).await.unwrap();
}

#[tokio::test]
async fn until_it_ends() {
    let (bank, user) = bank().await;
    let token = bank.sign(&claims_until(user.id, 3));
    let mut socket = bank.try_socket(&token, None).await.unwrap();
    assert_eq!(socket.closed().await, Refused::Closed(Some(4002)));
}

#[tokio::test]
async fn and_from_our_own_pages() {
    let (bank, user) = bank().await;
    let token = bank.sign(&claims(user.id));
    for origin in ["https://evil.example", "null", "http://localhost:3000.evil.example"] {
        let refused = bank.try_socket(&token, Some(origin)).await.err();
        assert_eq!(refused, Some(Refused::Upgrade(403)), "{origin}");
        let allowed = bank.browser(&user).allowed_origin("/api/wallet/balance", origin).await;
        assert_ne!(allowed.as_deref(), Some(origin));
        assert_ne!(allowed.as_deref(), Some("*"));
    }
    bank.try_socket(&token, Some(ALLOWED_ORIGIN)).await.unwrap();
    let allowed = bank.browser(&user).allowed_origin("/api/wallet/balance", ALLOWED_ORIGIN).await;
    assert_eq!(allowed.as_deref(), Some(ALLOWED_ORIGIN));
}
