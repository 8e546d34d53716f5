//! Where one leg is told in two ways, a person says which word stands: what was paid is corrected by a row of its own, once,
//! whoever asks for it and however often, on the command line or over HTTP; a look says beforehand what that row will be.

use curbe_tests::simulator::telnyx::{Cause, Event, TelnyxLeg};
use curbe_tests::simulator::twilio::{Silence, Status, TwilioCall};
use curbe_tests::stack::wait_until;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::fixture::bank::with;
use crate::fixture::browser::Page;
use crate::fixture::description::Description;
use crate::fixture::letters::MEXICO;
use crate::fixture::{Bank, SOON};

const WHY: [&str; 4] = ["--yes", "--why", "ticket 7", "--by=ana"];
const ACCEPT: &str = "/api/dead-letters/{id}/accept";

#[tokio::test]
async fn the_new_word_of_a_conflict_is_let_stand() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, letter) = bank.contradicted(&user).await;
    // Sent through as it is, it is a conflict as before.
    let still = bank.replay(&[&letter], 3).await;
    assert_eq!(still["letters"][0]["reason"], "conflict");

    let accept = [&["replay", &letter, "--accept", "new"][..], &WHY].concat();
    // Two people do it at the same moment.
    let (one, two) = tokio::join!(bank.dead_letters(&accept, 0), bank.dead_letters(&accept, 0));
    let accepted = if one["data"][0]["repeated"] == true { two } else { one };
    let row = &accepted["data"][0]["walletTransactions"][0];
    // Four minutes instead of two: 0.0010 + 4 x 0.0132.
    assert_eq!((&row["amount"], &row["type"]), (&json!("-0.0264"), &json!("adjustment")));
    let reference = format!("twilio:{}:accepted:{letter}", call.sid);
    assert_eq!(row["reference"], reference);
    assert_eq!(bank.spent(&user).await, "0.0538");
    assert_eq!(bank.letters(&call.sid).await[0].status, "replayed");
    let log = bank.log(&call.sid).await.unwrap();
    assert_eq!((log.seconds, log.price.as_str()), (61, "0.0274"), "the log is not edited");

    // Twice changes nothing, and neither word is a conflict any more.
    let again = bank.dead_letters(&accept, 0).await;
    assert_eq!(again["data"][0]["repeated"], true);
    assert_eq!(&again["data"][0]["walletTransactions"][0], row);
    bank.tell(&with(call.clone().completed(181).hangup(), "ForwardedFrom", Some(""))).await;
    bank.curbe(&["events", "replay", "--since", "1h", "--yes", "--why", "r"]).await;
    bank.drained().await;
    assert_eq!(bank.letters_that_are("open").await, 0);
    assert_eq!(bank.spent(&user).await, "0.0538");
    let record = "select count(*) from operator_runs r join dead_letter_decisions d on d.run_id = r.id
        where r.action = 'dead_letters_accept' and r.actor like 'ana (uid %)' and r.why = 'ticket 7'
            and d.decision = 'accepted' and position('CallDuration=61' in convert_from(d.replaced_body, 'utf8')) > 0";
    assert_eq!(bank.count(record).await, 1);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn also_of_a_call_that_was_free_and_back() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let call = user.calls(MEXICO, 61).unanswered(Status::NoAnswer, Silence::Zero);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "free");
    for (word, spent) in [
        (call.clone().completed(61), "0.0274"),
        (call.clone().unanswered(Status::Busy, Silence::Zero), "0.0000"),
        (call.clone().completed(181), "0.0538"),
    ] {
        bank.hang_up(&word).await;
        bank.drained().await;
        let letters = bank.letters(&call.sid).await;
        let open = letters.iter().find(|letter| letter.status == "open").unwrap().id.to_string();
        let accept = [&["replay", &open, "--accept", "new"][..], &WHY].concat();
        bank.dead_letters(&accept, 0).await;
        assert_eq!(bank.spent(&user).await, spent);
        bank.books_are_clean().await;
    }
}

#[tokio::test]
async fn also_where_the_new_word_rests_on_less() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    // Nobody hears when it was answered: what Telnyx charges for says how long it lasted.
    let leg = TelnyxLeg::outbound(&user.number, MEXICO, 61).named(Uuid::new_v4());
    for told in [leg.hangup(), leg.cost(61)] {
        bank.tell_telnyx(&Event::Json(told)).await;
    }
    wait_until(SOON, "the leg to be charged", async || {
        let billed = "select count(*) from call_legs where settled_by = 'billed'";
        if bank.count(billed).await == 1 { Ok(()) } else { Err("not yet") }
    })
    .await;
    assert_eq!(bank.spent(&user).await, "0.0274");
    let busy = TelnyxLeg { cause: Cause::UserBusy, ..leg.clone() };
    bank.tell_telnyx(&Event::Json(busy.hangup())).await;
    bank.drained().await;
    let letters = bank.dead_letters(&["list", "--reason", "conflict"], 0).await;
    let letter = letters["data"][0]["id"].as_str().unwrap();
    let accept = [&["replay", letter, "--accept", "new"][..], &WHY].concat();
    let accepted = bank.dead_letters(&accept, 0).await;
    let row = &accepted["data"][0]["walletTransactions"][0];
    assert_eq!((&row["amount"], &row["type"]), (&json!("0.0274"), &json!("adjustment")));
    assert_eq!(
        (bank.spent(&user).await.as_str(), bank.letters_that_are("open").await),
        ("0.0000", 0)
    );

    // What is told once more does not take it back.
    for told in [leg.cost(61), leg.hangup()] {
        bank.tell_telnyx(&Event::Json(told).again(1)).await;
    }
    bank.drained().await;
    assert_eq!(bank.spent(&user).await, "0.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn also_of_one_that_was_refused_and_yet_talked() {
    let bank = Bank::open().await;
    let organization = bank.organization().await;
    let user = bank.member(organization, "member").await;
    bank.cache_is_current().await;
    let call = TwilioCall::outbound(&user.number, MEXICO);
    assert_eq!(bank.ask(&call).await.limit(), None);
    bank.hang_up(&call.clone().completed(301)).await;
    bank.drained().await;
    let letter = bank.letters(&call.sid).await.remove(0);
    assert_eq!(letter.reason, "conflict");
    let id = letter.id.to_string();
    bank.replay(&[&id], 3).await;
    bank.dead_letters(&[&["replay", &id, "--accept", "new"][..], &WHY].concat(), 0).await;
    // Six minutes: 0.0010 + 6 x 0.0132.
    assert_eq!(bank.charges(&call.sid).await, ["-0.0802"]);
    assert_eq!(bank.letters_that_are("open").await, 0);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn but_not_a_word_that_is_about_somebody_else() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, _) = bank.contradicted(&user).await;
    bank.hang_up(&TwilioCall { to: "+34911234567".to_owned(), ..call.clone() }).await;
    let unknown = TwilioCall::outbound("+15005559999", MEXICO).completed(61);
    bank.hang_up(&unknown).await;
    bank.drained().await;
    let letters = bank.letters(&call.sid).await;
    let about_another = letters.iter().find(|letter| letter.detail.contains("+34911234567"));
    let unknown = bank.letters(&unknown.sid).await;
    for (letter, accepted, words) in [
        (about_another.unwrap(), "new", "other numbers"),
        (&unknown[0], "new", "only a conflict"),
        (&unknown[0], "old", "only a conflict"),
    ] {
        let id = letter.id.to_string();
        let arguments = [&["dead-letters", "replay", &id, "--accept", accepted][..], &WHY].concat();
        let ran = bank.run(&arguments).await;
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    assert_eq!(bank.letters_that_are("open").await, 3);
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn nor_one_that_cannot_be() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let leg = TelnyxLeg::outbound(&user.number, MEXICO, 61).named(Uuid::new_v4());
    let leg = TelnyxLeg { answered_at: None, ..leg };
    let leg = TelnyxLeg { started_at: leg.started_at - Duration::days(2), ..leg };
    let busy = TelnyxLeg { cause: Cause::UserBusy, ..leg.clone() };
    bank.tell_telnyx(&Event::Json(busy.hangup())).await;
    wait_until(SOON, "the leg to be free", async || {
        match bank.count("select count(*) from call_legs where settled_as = 'free'").await {
            1 => Ok(()),
            legs => Err(legs),
        }
    })
    .await;
    // It would have talked for two days.
    bank.tell_telnyx(&Event::Json(leg.hangup())).await;
    bank.drained().await;
    let letters = bank.dead_letters(&["list", "--reason", "conflict"], 0).await;
    let letter = letters["data"][0]["id"].as_str().unwrap();
    let accept = [&["dead-letters", "replay", letter, "--accept", "new"][..], &WHY].concat();
    let ran = bank.run(&accept).await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("it cannot be"), "{ran:?}");
    assert_eq!(bank.letters_that_are("open").await, 1);
    assert_eq!(bank.spent(&user).await, "0.0000");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn and_one_that_cannot_stand_hides_none_that_does() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (_, letter) = bank.contradicted(&user).await;
    let unknown = TwilioCall::outbound("+15005559999", MEXICO).completed(61);
    bank.hang_up(&unknown).await;
    bank.drained().await;
    let unknown = bank.letters(&unknown.sid).await.remove(0).id.to_string();
    let both = [&["replay", &letter, &unknown, "--accept", "new"][..], &WHY].concat();
    let done = bank.dead_letters(&both, 3).await;
    assert_eq!(done["data"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!((&done["data"][0]["id"], &done["failed"]), (&json!(letter), &json!([unknown])));
    assert_eq!(bank.spent(&user).await, "0.0538");
}

#[tokio::test]
async fn after_a_look_that_shows_the_row_and_posts_none() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, letter) = bank.contradicted(&user).await;
    let look = ["replay", &letter, "--accept", "new", "--dry-run"];
    let seen = bank.dead_letters(&look, 0).await["data"][0].clone();
    assert_eq!((&seen["dryRun"], &seen["runId"]), (&json!(true), &Value::Null), "{seen}");
    let row = &seen["walletTransactions"][0];
    // 10.0000 less 0.0274 and 0.0264.
    assert_eq!((&row["amount"], &row["balanceAfter"]), (&json!("-0.0264"), &json!("9.9462")));
    assert_eq!((&row["id"], &row["currency"]), (&Value::Null, &json!("USD")));
    let shown = bank.run(&[&["dead-letters"], &look[..]].concat()).await.stdout;
    assert!(shown.contains("-0.0264 USD") && shown.contains("nothing was changed"), "{shown}");

    assert_eq!(bank.spent(&user).await, "0.0274");
    assert_eq!(bank.letters(&call.sid).await[0].status, "open");
    assert_eq!(bank.count("select count(*) from operator_runs").await, 0);
    let told = "select count(*) from call_legs where seconds = 61";
    assert_eq!(bank.count(told).await, 1);
    // The old word stands already, and money is moved by nobody who does not say why.
    for wrong in [["old", "--dry-run"], ["new", "--yes"]] {
        let named = ["dead-letters", "replay", &letter, "--accept"];
        let ran = bank.run(&[&named[..], &wrong].concat()).await;
        assert_eq!(ran.status, Some(2), "{ran:?}");
    }
    let done = bank.dead_letters(&[&look[..4], &WHY].concat(), 0).await["data"][0].clone();
    for name in ["amount", "balanceAfter", "type", "reference", "walletId", "currency"] {
        assert_eq!(done["walletTransactions"][0][name], row[name], "{name}");
    }
    // Looked at once more, it is what was posted.
    let seen = bank.dead_letters(&look, 0).await["data"][0].clone();
    assert_eq!((&seen["repeated"], &seen["runId"]), (&json!(true), &done["runId"]));
    assert_eq!(seen["walletTransactions"], done["walletTransactions"]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn and_of_several_each_after_those_before_it() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, first) = bank.contradicted(&user).await;
    bank.hang_up(&call.clone().completed(241)).await;
    let unknown = TwilioCall::outbound("+15005559999", MEXICO).completed(61);
    bank.hang_up(&unknown).await;
    bank.drained().await;
    let letters = bank.letters(&call.sid).await;
    let second = letters.iter().map(|letter| letter.id.to_string()).find(|id| *id != first);
    let (second, unknown) = (second.unwrap(), bank.letters(&unknown.sid).await.remove(0).id);
    let unknown = unknown.to_string();
    let all = ["replay", &first, &unknown, &second, "--accept", "new"];
    let seen = bank.dead_letters(&[&all[..], &["--dry-run"]].concat(), 3).await;
    let rows = |told: &Value| {
        assert_eq!(told["failed"], json!([unknown]));
        let letters = told["data"].as_array().unwrap().iter();
        let rows = letters.map(|letter| letter["walletTransactions"][0].clone());
        rows.map(|row| [row["amount"].clone(), row["balanceAfter"].clone()]).collect::<Vec<_>>()
    };
    // Two minutes become four, and then five: the second row is what the first has left to be corrected.
    assert_eq!(rows(&seen), [["-0.0264", "9.9462"], ["-0.0132", "9.9330"]]);
    assert_eq!(bank.spent(&user).await, "0.0274");
    let done = bank.dead_letters(&[&all[..], &WHY].concat(), 3).await;
    assert_eq!(rows(&done), rows(&seen));
    assert_eq!(bank.spent(&user).await, "0.0670");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn over_http_too() {
    let bank = Bank::open().await;
    let (backend, user) = (bank.backend(), bank.customer().await);
    let (call, letter) = bank.contradicted(&user).await;
    let description = Description::of_worker();
    let ask = async |letter: &str, body: Value, status: u16| -> Page {
        let path = ACCEPT.replace("{id}", letter);
        let page = backend.send(backend.request(Method::POST, &path).json(&body)).await;
        assert_eq!(page.status, status, "{page:?}");
        description.holds("post", ACCEPT, &page);
        page
    };
    let by = json!({ "by": "ana@example.com", "why": "ticket 7" });
    let dry = json!({ "by": "ana@example.com", "dryRun": true });
    let seen = ask(&letter, dry, 200).await.body;
    assert_eq!(seen["walletTransactions"][0]["amount"], "-0.0264", "{seen}");
    assert_eq!((&seen["dryRun"], bank.spent(&user).await), (&json!(true), "0.0274".to_owned()));

    // Two ask at the same moment, and one of them once more, for another reason: one row, and one answer.
    let (one, two) = tokio::join!(ask(&letter, by.clone(), 200), ask(&letter, by.clone(), 200));
    let other = json!({ "by": "ben", "why": "ticket 8" });
    let again = ask(&letter, other, 200).await.body;
    assert_ne!(one.body["repeated"], two.body["repeated"], "{one:?} {two:?}");
    assert_eq!(again["repeated"], true);
    for answer in [&one.body, &two.body] {
        for name in ["runId", "walletTransactions", "id", "dryRun"] {
            assert_eq!(answer[name], again[name], "{name}: {answer} {again}");
        }
    }
    let row = &again["walletTransactions"][0];
    assert_eq!((&row["amount"], &row["balanceAfter"]), (&json!("-0.0264"), &json!("9.9462")));
    let posted =
        sqlx::query_scalar::<_, String>("select type::text from wallet_transactions where id = $1");
    let id: Uuid = row["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(posted.bind(id).fetch_one(bank.stack.pool()).await.unwrap(), "adjustment");
    assert_eq!(bank.spent(&user).await, "0.0538");
    assert_eq!(bank.letters(&call.sid).await[0].status, "replayed");
    bank.cache_is_current().await;
    let record = "select count(*) from operator_runs where action = 'dead_letters_accept' and actor = 'ana@example.com'";
    assert_eq!(bank.count(record).await, 1);

    // What is no conflict, is not there, or is asked for without a reason.
    let unknown = TwilioCall::outbound("+15005559999", MEXICO).completed(61);
    bank.hang_up(&unknown).await;
    bank.drained().await;
    let unknown = bank.letters(&unknown.sid).await.remove(0).id.to_string();
    let refused = ask(&unknown, by.clone(), 409).await.body;
    assert_eq!(refused["code"], "not_accepted");
    assert!(refused["detail"].as_str().unwrap().contains("only a conflict"), "{refused}");
    ask(&Uuid::new_v4().to_string(), by, 404).await;
    ask(&letter, json!({ "by": "ana", "why": " " }), 422).await;
    ask(&letter, json!({ "by": "ana" }), 422).await;
    bank.books_are_clean().await;
}
