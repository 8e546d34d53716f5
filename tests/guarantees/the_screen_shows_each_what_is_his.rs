//! Frames and pages go to those whose they are: the caller and the admins see the call, colleagues the balance alone,
//! strangers nothing; and what a call cost the owner nobody sees.

use serde_json::{Value, json};

use crate::fixture::Bank;
use crate::fixture::browser::Browser;
use crate::fixture::customers::User;
use crate::fixture::socket::{QUICK_HEARTBEAT, Socket};

/// What the provider charged the owner, in every row there is.
const PROVIDER_COST: &str = "7.7777";

struct Office {
    bank: Bank,
    caller: User,
    colleague: User,
    admin: User,
    stranger: User,
}

async fn office() -> Office {
    let bank = Bank::open().await;
    bank.sql(&format!(
        "create function tell_cost() returns trigger language plpgsql as $$ begin
            new.provider_cost := {PROVIDER_COST}; return new; end $$;
        create trigger tell_cost before insert on call_logs for each row execute function tell_cost();
        create trigger tell_cost before insert or update on call_legs for each row execute function tell_cost()"
    ))
    .await;
    bank.stack.start_notifier(&[QUICK_HEARTBEAT]).await.unwrap();
    let caller = bank.customer().await;
    let colleague = bank.member(caller.organization, "member").await;
    let admin = bank.member(caller.organization, "admin").await;
    let stranger = bank.customer().await;
    Office { bank, caller, colleague, admin, stranger }
}

/// Nothing of what a call cost the owner, under whatever name.
fn hides_the_cost(shown: &str) {
    for word in [PROVIDER_COST, "providerCost", "provider_cost", "77777"] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
    assert!(!shown.is_empty());
}

#[tokio::test]
async fn over_sockets() {
    let Office { bank, caller, colleague, admin, stranger } = office().await;
    let mut sockets = Vec::new();
    for user in [&caller, &admin, &colleague, &stranger] {
        sockets.push(bank.socket(user).await);
    }
    let [own, admins, colleagues, strangers] = &mut sockets[..] else { unreachable!() };
    // The opening refill has number 1, so has the stranger's.
    let welcome = json!({
        "balance": "10.0000", "held": "0.0000", "available": "10.0000", "currency": "USD", "status": "active",
    });
    assert_eq!((&own.frames[0]["seq"], &own.frames[0]["data"]), (&json!(1), &welcome));

    let call = caller.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.tell(&call.recording("completed")).await;
    for socket in [&mut *own, &mut *admins] {
        sees_the_call(socket, &caller, &call.sid).await;
    }
    // What a colleague or a stranger must not get would have come before his own next frame.
    bank.refill(&caller, "1.0000", "marker").await;
    bank.refill(&stranger, "1.0000", "marker").await;
    let frames = colleagues.up_to(5).await;
    assert_eq!(frames, [balance(2, "9.9726", Value::Null), balance(5, "10.9726", Value::Null)]);
    let frames = strangers.up_to(2).await;
    assert_eq!(frames, [balance(2, "11.0000", Value::Null)]);
    assert_eq!(own.up_to(5).await, [balance(5, "10.9726", Value::Null)]);

    // A heartbeat says how far a socket has come, also where its last frames were not for it.
    let beat = colleagues.until(|frame| frame["type"] == "heartbeat").await;
    assert_eq!(beat.last().unwrap()["seq"], 5);
    sockets.iter().for_each(|socket| hides_the_cost(&socket.shown()));
}

async fn sees_the_call(socket: &mut Socket, caller: &User, sid: &str) {
    let frames = socket.up_to(4).await;
    assert_eq!(frames[0], balance(2, "9.9726", json!("0.0274")));
    let log = &frames[1]["data"]["logData"];
    assert_eq!((&frames[1]["type"], &frames[1]["seq"]), (&json!("new_call_log"), &json!(3)));
    assert_eq!((&log["externalCallId"], &log["userId"]), (&json!(sid), &json!(caller.id)));
    assert_eq!((&log["customerPrice"], &log["durationSeconds"]), (&json!("0.0274"), &json!(61)));
    let ready = &frames[2];
    assert_eq!((&ready["type"], &ready["seq"]), (&json!("recording_ready"), &json!(4)));
    assert_eq!(ready["data"]["recordingStatus"], "completed");
    assert_eq!(ready["data"]["callLogId"], log["id"]);
    assert_eq!(frames.len(), 3, "{frames:?}");
}

fn balance(seq: i64, new: &str, cost: Value) -> Value {
    let data = json!({ "newBalance": new, "lastCallCost": cost, "currency": "USD" });
    json!({ "type": "balance_updated", "seq": seq, "data": data })
}

#[tokio::test]
async fn over_pages() {
    let Office { bank, caller, colleague, admin, stranger } = office().await;
    let mut logs = Vec::new();
    for user in [&caller, &colleague, &stranger] {
        let call = user.calls("+523312345678", 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
        logs.push((call.sid.clone(), id_of(&bank, &call.sid).await));
    }
    let [own, colleagues, strangers] = &logs[..] else { unreachable!() };
    let browsers = [
        (bank.browser(&caller), vec![own]),
        (bank.browser(&colleague), vec![colleagues]),
        (bank.browser(&admin), vec![colleagues, own]),
        (bank.browser(&stranger), vec![strangers]),
    ];
    for (browser, visible) in &browsers {
        assert_eq!(
            listed(browser).await,
            visible.iter().map(|(sid, _)| sid.clone()).collect::<Vec<_>>()
        );
        for log in &logs {
            let page = browser.get(&format!("/api/logs/{}", log.1)).await;
            if visible.contains(&log) {
                assert_eq!((page.status, &page.body["externalCallId"]), (200, &json!(log.0)));
            } else {
                assert_eq!(
                    (page.status, &page.body["code"]),
                    (404, &json!("not_found")),
                    "{page:?}"
                );
            }
        }
        hides_the_cost(&browser.shown());
    }
}

async fn listed(browser: &Browser) -> Vec<String> {
    let list = browser.read("/api/logs").await;
    let legs = list["data"].as_array().unwrap().iter().map(|log| &log["externalCallId"]);
    legs.map(|leg| leg.as_str().unwrap().to_owned()).collect()
}

async fn id_of(bank: &Bank, sid: &str) -> String {
    let id = sqlx::query_scalar("select id::text from call_logs where external_call_id = $1");
    id.bind(sid).fetch_one(bank.stack.pool()).await.unwrap()
}

#[tokio::test]
async fn a_balance_is_that_of_ones_own_wallet() {
    let Office { bank, caller, stranger, .. } = office().await;
    bank.hang_up(&caller.calls("+523312345678", 61)).await;
    bank.drained().await;
    let browser = bank.browser(&caller);
    let own = browser.read("/api/wallet/balance").await;
    for (name, value) in [
        ("balance", json!("9.9726")),
        ("held", json!("0.0000")),
        ("available", json!("9.9726")),
        ("currency", json!("USD")),
        ("minimumThreshold", json!("1.0000")),
        ("canCall", json!(true)),
        ("seq", json!(3)),
    ] {
        assert_eq!(own[name], value, "{own}");
    }
    let others = bank.browser(&stranger).read("/api/wallet/balance").await;
    assert_eq!(others["balance"], "10.0000");
    hides_the_cost(&browser.shown());
    // A balance below the threshold is not enough to call.
    bank.hang_up(&caller.calls("+34911234567", 60 * 449)).await;
    bank.drained().await;
    let poor = browser.read("/api/wallet/balance").await;
    assert_eq!((&poor["balance"], &poor["canCall"]), (&json!("0.9426"), &json!(false)));
}

#[tokio::test]
async fn how_the_account_stands() {
    let Office { bank, caller, colleague, .. } = office().await;
    let seq = bank.seq(&caller).await;
    for status in ["suspended", "active"] {
        let wallet = caller.wallet;
        bank.sql(&format!("update wallets set status = '{status}' where id = '{wallet}'")).await;
        for user in [&caller, &colleague] {
            for socket in [bank.socket(user).await, bank.socket_since(user, seq).await] {
                assert_eq!(socket.welcome()["data"]["status"], status);
            }
        }
    }
}
