//! What costs is set aside before it happens, and paid at its real cost or refused: the same money is never spent twice,
//! and never more is given back than was spent.

use curbe_tests::simulator::twilio::TwilioCall;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::Bank;
use crate::fixture::backend::Backend;
use crate::fixture::browser::Page;
use crate::fixture::customers::User;

/// A customer with so much.
async fn open(balance: &str) -> (Bank, Backend, User) {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let less = curbe_tests::oracle::units(balance) - curbe_tests::oracle::units("10.0000");
    if less != 0 {
        let less = curbe_tests::oracle::text(less);
        let adjusted = backend.moves(&user, "adjustments", &less, "to begin with").await;
        assert_eq!((adjusted.status, &adjusted.body["balance"]), (201, &json!(balance)));
    }
    (bank, backend, user)
}

fn is_short(page: &Page, required: &str, available: &str) {
    assert_eq!((page.status, &page.body["title"]), (402, &json!("Insufficient Funds")), "{page:?}");
    let told = [&page.body["code"], &page.body["required"], &page.body["available"]];
    assert_eq!(told, [&json!("insufficient_funds"), &json!(required), &json!(available)]);
    assert_eq!(page.body["currency"], "USD");
    assert_eq!(page.header("content-type"), Some("application/problem+json"));
    assert_eq!(page.body["requestId"].as_str(), page.header("x-request-id"));
}

fn is_refused(page: &Page, status: u16, code: &str) {
    assert_eq!(page.outcome(), (status, Some(code)), "{page:?}");
}

async fn purchases(bank: &Bank) -> i64 {
    bank.count("select count(*) from wallet_transactions where type = 'number_purchase'").await
}

#[tokio::test]
async fn the_last_money_is_spent_once() {
    let (bank, backend, user) = open("4.0000").await;
    let first = backend.authorized(&user, "2.00", "number-1").await;
    let second = backend.authorized(&user, "2.00", "number-2").await;
    let adjusted = backend.moves(&user, "adjustments", "-2.00", "a correction").await;
    assert_eq!((adjusted.status, &adjusted.body["available"]), (201, &json!("-2.0000")));
    let (one, other) =
        tokio::join!(backend.capture(&first, "2.00"), backend.capture(&second, "2.00"));
    let (paid, refused) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!((paid.status, &paid.body["balance"]), (200, &json!("0.0000")), "{paid:?}");
    is_short(&refused, "2.0000", "0.0000");
    assert_eq!((purchases(&bank).await, bank.balance(&user).await.as_str()), (1, "0.0000"));
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_number_that_cannot_be_paid_leaves_no_trace() {
    let (bank, backend, user) = open("1.0000").await;
    is_short(&backend.check(&user, "2.00").await, "2.0000", "1.0000");
    is_short(&backend.authorize(&user, "2.00", "number-1").await, "2.0000", "1.0000");
    assert_eq!(bank.count("select count(*) from authorizations").await, 0);
    assert_eq!((purchases(&bank).await, bank.set_aside(&user).await), (0, vec![]));
    assert_eq!(bank.balance(&user).await, "1.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn what_is_set_aside_is_not_there_for_anything_else() {
    let (bank, backend, user) = open("10.0000").await;
    let first = backend.authorized(&user, "8.00", "number-1").await;
    is_short(&backend.authorize(&user, "8.00", "number-2").await, "8.0000", "2.0000");
    is_short(&backend.check(&user, "2.0001").await, "2.0001", "2.0000");
    let checked = backend.check(&user, "2.00").await.body;
    let expected = json!({ "hasSufficientFunds": true, "balance": "10.0000", "held": "8.0000",
        "available": "2.0000", "currency": "USD" });
    assert_eq!(checked, expected);
    for _ in 0..2 {
        let released = backend.release(&first).await;
        assert_eq!((released.status, &released.body["available"]), (200, &json!("10.0000")));
        bank.holds_are(&user, 0).await;
    }
    is_refused(&backend.capture(&first, "8.00").await, 409, "already_released");
    backend.authorized(&user, "8.00", "number-1").await;
    // All at one instant, and only what is there.
    let asked = (0..8).map(|number| {
        let (backend, user) = (&backend, &user);
        async move { backend.authorize(user, "0.50", &format!("message-{number}")).await.status }
    });
    let mut told = futures_util::future::join_all(asked).await;
    told.sort_unstable();
    assert_eq!(told, [201, 201, 201, 201, 402, 402, 402, 402]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn the_real_cost_is_paid_if_it_can_be() {
    let (bank, backend, user) = open("10.0000").await;
    let cheaper = backend.authorized(&user, "2.00", "number-1").await;
    let paid = backend.capture(&cheaper, "1.50").await;
    let told = [&paid.body["amount"], &paid.body["balance"], &paid.body["held"]];
    assert_eq!(told, [&json!("1.5000"), &json!("8.5000"), &json!("0.0000")], "{paid:?}");
    is_refused(&backend.capture(&cheaper, "1.50").await, 409, "already_captured");
    is_refused(&backend.release(&cheaper).await, 409, "already_captured");
    bank.cached_as_booked(&user).await;
    let dearer = backend.authorized(&user, "2.00", "number-2").await;
    let other = backend.authorized(&user, "6.00", "number-3").await;
    is_short(&backend.capture(&dearer, "3.00").await, "3.0000", "2.5000");
    // What was set aside is as it was.
    assert_eq!(bank.set_aside(&user).await.len(), 2);
    is_short(&backend.authorize(&user, "0.51", "number-4").await, "0.5100", "0.5000");
    let paid = backend.capture(&dearer, "2.50").await;
    assert_eq!((paid.status, &paid.body["balance"]), (200, &json!("6.0000")), "{paid:?}");
    assert_eq!(paid.body["available"], "0.0000");
    let paid = backend.capture(&other, "6.00").await;
    assert_eq!((paid.status, &paid.body["balance"]), (200, &json!("0.0000")), "{paid:?}");
    bank.holds_are(&user, 0).await;
    bank.books_are_clean().await;
}

#[tokio::test]
async fn never_more_is_given_back_than_was_spent() {
    let (bank, backend, user) = open("10.0000").await;
    let bought = backend.authorized(&user, "3.00", "number-1").await;
    let charge = backend.capture(&bought, "3.00").await;
    let charge = charge.body["transactionId"].as_str().unwrap();
    let given = backend.refund(&user, "2.00", "refund-1", charge).await;
    assert_eq!((given.status, &given.body["type"]), (201, &json!("refund")), "{given:?}");
    assert_eq!(backend.refund(&user, "2.00", "refund-1", charge).await.status, 200);
    is_refused(&backend.refund(&user, "1.00", "refund-1", charge).await, 409, "reference_used");
    let (one, other) = tokio::join!(
        backend.refund(&user, "0.60", "refund-2", charge),
        backend.refund(&user, "0.60", "refund-3", charge)
    );
    let refused = if one.status == 201 { other } else { one };
    is_refused(&refused, 409, "refund_exceeds_charge");
    assert_eq!(refused.body["remaining"], "0.4000");
    let refund = given.body["transactionId"].as_str().unwrap();
    is_refused(&backend.refund(&user, "1", "refund-4", refund).await, 409, "not_refundable");
    let nothing = Uuid::new_v4().to_string();
    is_refused(&backend.refund(&user, "1", "refund-5", &nothing).await, 404, "not_found");
    is_refused(&backend.refund(&user, "-1", "refund-6", charge).await, 422, "invalid_body");
    assert_eq!(bank.balance(&user).await, "9.6000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_call_is_given_back_less_what_was_corrected() {
    let (bank, backend, user) = open("10.0000").await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    let charge = "select id::text from wallet_transactions where type = 'call_charge'";
    let charge: String = sqlx::query_scalar(charge).fetch_one(bank.stack.pool()).await.unwrap();
    // As a correction of the worker's own would be.
    bank.sql(
        "with w as (update wallets set seq = seq + 1, balance = balance + 0.0100, version = version + 1
            returning id, seq, balance)
        insert into wallet_transactions (wallet_id, amount, type, reference_id, seq, balance_after, external_reference)
        select w.id, 0.0100, 'adjustment', t.reference_id, w.seq, w.balance, 'a person corrected it'
        from w, wallet_transactions t where t.type = 'call_charge'",
    )
    .await;
    let refused = backend.refund(&user, "0.0175", "refund-1", &charge).await;
    is_refused(&refused, 409, "refund_exceeds_charge");
    assert_eq!(refused.body["remaining"], "0.0174");
    assert_eq!(backend.refund(&user, "0.0174", "refund-2", &charge).await.status, 201);
    let refunded = bank.charges(&call.sid).await;
    assert!(refunded.contains(&"0.0174".to_owned()), "{refunded:?}");
    assert_eq!(bank.balance(&user).await, "10.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn what_is_over_or_not_allowed_is_not_paid() {
    let (bank, backend, user) = open("10.0000").await;
    let late = backend.authorized(&user, "2.00", "number-1").await;
    bank.sql("update authorizations set due_at = now() - interval '1 second'").await;
    is_refused(&backend.capture(&late, "2.00").await, 409, "expired");
    bank.sql("update wallets set status = 'suspended', version = version + 1, updated_at = now()")
        .await;
    is_refused(&backend.check(&user, "1.00").await, 409, "suspended");
    bank.cache("rebuild").await;
    is_refused(&backend.authorize(&user, "1.00", "number-2").await, 409, "suspended");
    let nobody = User { organization: Uuid::new_v4(), ..user.clone() };
    is_refused(&backend.check(&nobody, "1.00").await, 404, "not_found");
    let empty = User { organization: bank.organization().await, ..user.clone() };
    is_refused(&backend.check(&empty, "1.00").await, 409, "no_wallet");
    is_refused(&backend.moves(&empty, "refills", "1.00", "r").await, 409, "no_wallet");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn what_nobody_comes_back_for_is_given_back() {
    let (bank, backend, user) = open("10.0000").await;
    let number = backend.authorized(&user, "2.00", "number-1").await;
    let body = json!({ "organizationId": user.organization, "action": "call", "estimatedCost": "5.00",
        "reference": "telnyx:v3:never" });
    let call = backend.ask("/api/gatekeeper/authorizations", &body).await;
    assert_eq!((call.status, &call.body["available"]), (201, &json!("3.0000")), "{call:?}");
    bank.sql("update authorizations set due_at = now() - interval '1 second'").await;
    bank.holds_are(&user, 0).await;
    backend.authorized(&user, "10.00", "number-2").await;
    is_refused(&backend.capture(&number, "2.00").await, 409, "expired");
    assert_eq!(backend.release(&number).await.status, 200);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_call_is_paid_when_it_ends() {
    let (bank, backend, user) = open("10.0000").await;
    let call = user.calls("+523312345678", 61);
    let announced = async |reference: &str, cost: &str| {
        let body = json!({ "organizationId": user.organization, "action": "call",
            "estimatedCost": cost, "reference": reference });
        backend.ask("/api/gatekeeper/authorizations", &body).await
    };
    let first = announced(&call.sid, "5.00").await;
    assert_eq!((first.status, &first.body["available"]), (201, &json!("5.0000")), "{first:?}");
    let again = announced(&format!("twilio:{}", call.sid), "5.00").await;
    assert_eq!(
        (again.status, &again.body["authorizationId"]),
        (200, &first.body["authorizationId"])
    );
    is_refused(&announced(&call.sid, "4.00").await, 409, "reference_used");
    is_refused(&announced("somewhere", "4.00").await, 422, "invalid_body");
    let id = first.body["authorizationId"].as_str().unwrap();
    let path = format!("/api/gatekeeper/authorizations/{id}");
    is_refused(&backend.capture(&path, "1.00").await, 409, "call_is_not_captured");
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.holds_are(&user, 0).await;
    is_refused(&backend.release(&path).await, 409, "already_settled");
    bank.sql("update authorizations set reference = 'another'").await;
    is_refused(&announced(&call.sid, "5.00").await, 409, "leg_settled");
    let dropped = announced("telnyx:v3:never", "5.00").await;
    let id = dropped.body["authorizationId"].as_str().unwrap();
    bank.holds_are(&user, 1).await;
    let released = backend.release(&format!("/api/gatekeeper/authorizations/{id}")).await;
    assert_eq!((released.status, &released.body["held"]), (200, &json!("0.0000")));
    bank.holds_are(&user, 0).await;
    bank.all_is_well().await;
}

#[tokio::test]
async fn a_call_that_has_asked_keeps_what_is_its_own() {
    let (bank, backend, user) = open("10.0000").await;
    let call = user.calls("+523312345678", 61);
    let body = json!({ "organizationId": user.organization, "action": "call", "estimatedCost": "5.00",
        "reference": call.sid });
    let announced = backend.ask("/api/gatekeeper/authorizations", &body).await;
    assert_eq!(announced.status, 201, "{announced:?}");
    bank.begins(&call).await;
    let held = bank.set_aside(&user).await;
    assert_eq!((held.len(), held[0].1.contains("|p|")), (1, true), "{held:?}");
    bank.decided().await;
    // Too late: it is the call's.
    let id = announced.body["authorizationId"].as_str().unwrap();
    let released = backend.release(&format!("/api/gatekeeper/authorizations/{id}")).await;
    assert_eq!(released.status, 200, "{released:?}");
    is_refused(&backend.ask("/api/gatekeeper/authorizations", &body).await, 409, "leg_authorized");
    assert_eq!(bank.set_aside(&user).await, held);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.holds_are(&user, 0).await;
    bank.all_is_well().await;
}

#[tokio::test]
async fn also_if_the_cache_is_emptied_before_it_is_written_down() {
    let (bank, backend, user) = open("10.0000").await;
    bank.cache_is_current().await;
    // It has taken its money from the cache, and waits for the table.
    let mut blocking = bank.stack.pool().begin().await.unwrap();
    sqlx::query("lock table authorizations in share mode").execute(&mut *blocking).await.unwrap();
    let body = json!({ "organizationId": user.organization, "action": "number_purchase",
        "estimatedCost": "9.00", "reference": "number-1" });
    let purchase = async {
        let first = backend.post("/api/gatekeeper/authorizations", "key-1", &body).await;
        let again = backend.post("/api/gatekeeper/authorizations", "key-1", &body).await;
        (first, again)
    };
    let meanwhile = async {
        bank.holds_are(&user, 1).await;
        let () = redis::cmd("FLUSHALL").query_async(&mut bank.redis().await).await.unwrap();
        let call = TwilioCall::outbound(&user.number, "+523312345678");
        bank.begins(&call).await;
        blocking.rollback().await.unwrap();
    };
    let ((first, again), ()) = tokio::join!(purchase, meanwhile);
    is_short(&first, "9.0000", "6.8310");
    assert_eq!((again.status, &again.body["code"]), (402, &json!("insufficient_funds")));
    bank.drained().await;
    assert_eq!(bank.held(&user).await, "3.1690");
    bank.books_are_clean().await;
}

/// A load that began before it was written down does not know of it.
#[tokio::test]
async fn and_is_in_the_cache_when_it_is_answered_although_that_was_emptied() {
    let (bank, backend, user) = open("10.0000").await;
    bank.cache_is_current().await;
    let held = async |number: usize| {
        let mut blocking = bank.stack.pool().begin().await.unwrap();
        sqlx::query("lock table authorizations in share mode")
            .execute(&mut *blocking)
            .await
            .unwrap();
        let reference = format!("number-{number}");
        let purchase = backend.authorize(&user, "1.00", &reference);
        let meanwhile = async {
            bank.holds_are(&user, number).await;
            let () = redis::cmd("FLUSHALL").query_async(&mut bank.redis().await).await.unwrap();
            blocking.rollback().await.unwrap();
        };
        let (answer, ()) = tokio::join!(purchase, meanwhile);
        assert_eq!(answer.status, 201, "{answer:?}");
        bank.cached(&user, &["held"]).await.remove(0)
    };
    // On a busy machine the cache may be too slow for the second look.
    let mut found = Vec::new();
    for number in 1..=3 {
        found.push(held(number).await);
        if found.last().unwrap() == &Some(format!("{number}0000")) {
            return bank.books_are_clean().await;
        }
    }
    panic!("{found:?}");
}

#[tokio::test]
async fn nobody_else_decides_while_the_cache_is_away() {
    let (bank, backend, user) = open("10.0000").await;
    let first = backend.authorized(&user, "8.00", "number-1").await;
    bank.stack.redis().process().kill();
    is_refused(&backend.authorize(&user, "1.00", "number-2").await, 503, "unavailable");
    // What was set aside before is paid, and money comes in.
    assert_eq!(backend.capture(&first, "7.00").await.status, 200);
    assert_eq!(backend.moves(&user, "refills", "1.00", "more").await.status, 201);
    bank.stack.redis().restart().await.unwrap();
    curbe_tests::stack::wait_until(crate::fixture::SOON, "the cache to be used", async || {
        match backend.authorize(&user, "4.00", &Uuid::new_v4().to_string()).await {
            page if page.status == 201 => Ok(()),
            page => Err(format!("{page:?}")),
        }
    })
    .await;
    is_short(&backend.authorize(&user, "0.01", "number-3").await, "0.0100", "0.0000");
    bank.books_are_clean().await;
}
