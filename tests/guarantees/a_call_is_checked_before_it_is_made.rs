//! Whether a call could be paid is told before it is made: for how long and at which price, or what would be needed. It is
//! a look: nothing is set aside.

use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::browser::{Browser, Page};
use crate::fixture::customers::User;

/// 0.0132 a minute and 0.0010 once.
const MEXICO: &str = "+523312345678";

async fn open() -> (Bank, User) {
    let bank = Bank::without_worker().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    (bank, user)
}

async fn check(browser: &Browser, to: &str) -> Page {
    browser.post("/api/calls/check", &json!({ "to": to })).await
}

async fn allowed(browser: &Browser, to: &str) -> (String, i64) {
    let page = check(browser, to).await;
    assert_eq!((page.status, &page.body["allowed"]), (200, &json!(true)), "{page:?}");
    assert_eq!(page.body["currency"], "USD");
    let rate = page.body["ratePerMinute"].as_str().unwrap().to_owned();
    (rate, page.body["maxSeconds"].as_i64().unwrap())
}

async fn set_balance(bank: &Bank, user: &User, balance: &str) {
    bank.sql(&format!("update wallets set balance = {balance} where id = '{}'", user.wallet)).await;
}

#[tokio::test]
async fn for_how_long_and_at_which_price() {
    let (bank, user) = open().await;
    let browser = bank.browser(&user);
    for (balance, to, rate, seconds) in [
        // No more than four hours.
        ("10", MEXICO, "0.0132", 14_400),
        // Half of it, in whole minutes: 1.0000 pays for floor((1.0000 - 0.0010) / 0.0132) = 75 of them.
        ("2", MEXICO, "0.0132", 4_500),
        // The longest prefix.
        ("2", "+525512345678", "0.0100", 6_000),
        // Nothing is paid for a free destination, so that it takes nothing either.
        ("1", "+44123456789", "0.0000", 14_400),
    ] {
        set_balance(&bank, &user, balance).await;
        assert_eq!(allowed(&browser, to).await, (rate.to_owned(), seconds), "{balance} {to}");
    }
    // Half would be 0.5000: ten minutes are granted all the same, as far as there is money.
    bank.insert_rate("881", "0.0900", "0.0000").await;
    set_balance(&bank, &user, "1").await;
    assert_eq!(allowed(&browser, "+88112345678").await, ("0.0900".to_owned(), 600));
    bank.insert_rate("882", "0.3000", "0.0000").await;
    assert_eq!(allowed(&browser, "+88212345678").await, ("0.3000".to_owned(), 180));
    let balance = browser.read("/api/wallet/balance").await;
    assert_eq!((&balance["balance"], &balance["held"]), (&json!("1.0000"), &json!("0.0000")));
}

#[tokio::test]
async fn or_what_would_be_needed() {
    let (bank, user) = open().await;
    let browser = bank.browser(&user);
    bank.insert_rate("883", "1.5000", "0.2500").await;
    for (balance, to, required, available) in [
        ("0.9999", MEXICO, "1.0000", "0.9999"),
        ("-3", MEXICO, "1.0000", "-3.0000"),
        ("1.7499", "+88312345678", "1.7500", "1.7499"),
    ] {
        set_balance(&bank, &user, balance).await;
        let page = check(&browser, to).await;
        assert_eq!(page.outcome(), (402, Some("insufficient_funds")), "{balance} {to}: {page:?}");
        assert_eq!(page.header("content-type"), Some("application/problem+json"));
        let expected = [("title", "Insufficient Funds"), ("required", required)];
        for (name, value) in
            expected.into_iter().chain([("available", available), ("currency", "USD")])
        {
            assert_eq!(page.body[name], value, "{balance} {to}: {page:?}");
        }
    }
    set_balance(&bank, &user, "1.7500").await;
    assert_eq!(allowed(&browser, "+88312345678").await, ("1.5000".to_owned(), 60));
}

#[tokio::test]
async fn by_the_price_list_in_force() {
    let (bank, user) = open().await;
    let browser = bank.browser(&user);
    let rate = async || allowed(&browser, MEXICO).await.0;
    assert_eq!(rate().await, "0.0132");
    bank.sql(
        "insert into rate_decks (id, name, effective_from) values
            ('00000000-0000-4000-8000-000000000001', 'default', now() - interval '1 hour'),
            ('00000000-0000-4000-8000-000000000002', 'default', now() + interval '1 hour'),
            ('00000000-0000-4000-8000-000000000003', 'special', now() - interval '1 hour');
        insert into rate_decks (id, name, effective_from, currency) values
            ('00000000-0000-4000-8000-000000000004', 'euros', now() - interval '1 hour', 'EUR');
        insert into call_rates (deck_id, prefix, direction, rate_per_minute) values
            ('00000000-0000-4000-8000-000000000001', '52', null, 0.0201),
            ('00000000-0000-4000-8000-000000000001', '52', 'inbound', 0.0202),
            ('00000000-0000-4000-8000-000000000001', '523', 'inbound', 0.0203),
            ('00000000-0000-4000-8000-000000000002', '52', null, 0.0301),
            ('00000000-0000-4000-8000-000000000002', '34', null, 0.0302),
            ('00000000-0000-4000-8000-000000000003', '52', null, 0.0401),
            ('00000000-0000-4000-8000-000000000003', '52', 'outbound', 0.0402),
            ('00000000-0000-4000-8000-000000000004', '52', null, 0.0501)",
    )
    .await;
    // The newest in force; its row for incoming calls is none for this one.
    assert_eq!(rate().await, "0.0201");
    // What a list does not have, an older one or a coming one does not have for it.
    assert_eq!(check(&browser, "+34911234567").await.outcome(), (422, Some("no_rate")));
    for (deck, expected) in [("special", (200, None)), ("euros", (422, Some("no_rate")))] {
        bank.sql(&format!("update organizations set rate_deck = '{deck}'")).await;
        assert_eq!(check(&browser, MEXICO).await.outcome(), expected, "{deck}");
    }
    bank.sql("update organizations set rate_deck = 'special'").await;
    assert_eq!(rate().await, "0.0402");
    bank.sql("update organizations set rate_deck = 'nowhere'").await;
    assert_eq!(check(&browser, MEXICO).await.outcome(), (422, Some("no_rate")));
}

#[tokio::test]
async fn and_why_not_whatever_it_costs() {
    let (bank, user) = open().await;
    let browser = bank.browser(&user);
    for to in ["", "911", "523312345678", "+0523312345678", "+52 33 1234 5678", "client:alice"] {
        assert_eq!(check(&browser, to).await.outcome(), (422, Some("invalid_number")), "{to}");
    }
    assert_eq!(check(&browser, "+99912345678").await.outcome(), (422, Some("no_rate")));
    bank.sql("update wallets set status = 'suspended'").await;
    assert_eq!(check(&browser, MEXICO).await.outcome(), (403, Some("suspended")));
    let page = browser.post("/api/calls/check", &Value::Null).await;
    assert_eq!(page.outcome(), (422, Some("invalid_body")));
}
