//! A person looks at a dead letter, whatever is in it, and decides: it is sent through again once its reason is gone, it
//! is discarded, or its word stands in place of the first. Each is on record.

use std::fs;

use curbe_tests::simulator::twilio::{Silence, Status, TwilioCall};
use curbe_tests::stack::wait_until;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::fixture::bank::with;
use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

const MEXICO: &str = "+523312345678";
const WHY: [&str; 4] = ["--yes", "--why", "ticket 7", "--by=ana"];

/// A call that was charged, and told once more with other seconds. Its letter.
async fn contradicted(bank: &Bank, user: &User) -> (TwilioCall, String) {
    let call = user.calls(MEXICO, 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    bank.hang_up(&call.clone().completed(181)).await;
    bank.drained().await;
    let letters = bank.letters(&call.sid).await;
    assert_eq!(letters[0].reason, "conflict");
    (call, letters[0].id.to_string())
}

#[tokio::test]
async fn the_new_word_of_a_conflict_is_let_stand() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, letter) = contradicted(&bank, &user).await;
    // Sent through as it is, it is a conflict as before.
    let still = bank.dead_letters(&["replay", &letter, "--yes"], 3).await;
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
    bank.tell(&with(call.clone().completed(181).hangup(), "ForwardedFrom", Some(""))).await;
    bank.curbe(&["events", "replay", "--since", "1h", "--yes"]).await;
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
    bank.dead_letters(&["replay", &id, "--yes"], 3).await;
    bank.dead_letters(&[&["replay", &id, "--accept", "new"][..], &WHY].concat(), 0).await;
    // Six minutes: 0.0010 + 6 x 0.0132.
    assert_eq!(bank.charges(&call.sid).await, ["-0.0802"]);
    assert_eq!(bank.letters_that_are("open").await, 0);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn how_many_there_are_and_how_old_is_measured() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    let (_, letter) = contradicted(&bank, &user).await;
    let measures = async |name: &str, is_right: fn(u64) -> bool| {
        wait_until(SOON, name, async || {
            let metrics = reqwest::get(format!("{}/metrics", worker.admin_url())).await;
            let metrics = metrics.map_err(|error| error.to_string())?.text().await.unwrap();
            let told =
                metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            if told.is_some_and(is_right) { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
    };
    let open = "curbe_dead_letters_open{reason=\"conflict\"}";
    let age = "curbe_dead_letters_oldest_age_seconds";
    measures(open, |letters| letters == 1).await;
    measures("curbe_dead_letters_open{reason=\"no_rate\"}", |letters| letters == 0).await;
    measures(age, |seconds| (1..600).contains(&seconds)).await;
    bank.dead_letters(&["replay", &letter, "--yes"], 3).await;
    bank.dead_letters(&[&["discard", &letter][..], &WHY].concat(), 0).await;
    measures(open, |letters| letters == 0).await;
    measures(age, |seconds| seconds == 0).await;
    for decision in ["replayed", "discarded"] {
        let decided = format!("curbe_dead_letters_decided_total{{decision=\"{decision}\"}}");
        measures(&decided, |letters| letters == 1).await;
    }
}

#[tokio::test]
async fn but_not_a_word_that_is_about_somebody_else() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, _) = contradicted(&bank, &user).await;
    bank.hang_up(&TwilioCall { to: "+34911234567".to_owned(), ..call.clone() }).await;
    let unknown = TwilioCall::outbound("+15005559999", MEXICO).completed(61);
    bank.hang_up(&unknown).await;
    bank.drained().await;
    let letters = bank.letters(&call.sid).await;
    let about_another = letters.iter().find(|letter| letter.detail.contains("+34911234567"));
    let unknown = bank.letters(&unknown.sid).await;
    for (letter, words) in
        [(about_another.unwrap(), "other numbers"), (&unknown[0], "only a conflict")]
    {
        let id = letter.id.to_string();
        let arguments = [&["dead-letters", "replay", &id, "--accept", "new"][..], &WHY].concat();
        let ran = bank.run(&arguments).await;
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    assert_eq!(bank.letters_that_are("open").await, 3);
    assert_eq!(bank.spent(&user).await, "0.0274");
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_discarded_letter_stays_so_until_it_is_named_again() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, letter) = contradicted(&bank, &user).await;
    let discard = [&["discard", &letter][..], &WHY].concat();
    assert_eq!(bank.dead_letters(&discard, 0).await["discarded"], 1);
    assert_eq!(bank.dead_letters(&discard, 0).await["discarded"], 0);
    // The same is told once more, and all letters are sent through.
    bank.tell(&with(call.clone().completed(181).hangup(), "ForwardedFrom", Some(""))).await;
    bank.drained().await;
    let open = bank.letters(&call.sid).await.into_iter().find(|letter| letter.status == "open");
    let open = open.unwrap().id.to_string();
    assert_eq!(bank.dead_letters(&["replay", "--all", "--yes"], 3).await["total"], 1);
    bank.dead_letters(&[&["discard", &open][..], &WHY].concat(), 0).await;
    assert_eq!(bank.dead_letters(&["replay", "--all", "--yes"], 0).await["total"], 0);
    assert_eq!(bank.dead_letters(&["list"], 0).await["total"], 0);
    assert_eq!(bank.dead_letters(&["list", "--status", "discarded"], 0).await["total"], 2);
    // Named, it is tried even so.
    bank.dead_letters(&["replay", &letter, "--yes"], 3).await;
    assert_eq!(bank.letters_that_are("open").await, 1);
    let shown = bank.dead_letters(&["show", &letter], 0).await;
    let decisions: Vec<_> = shown["decisions"].as_array().unwrap().iter().collect();
    assert_eq!(decisions.len(), 2, "{shown}");
    assert_eq!(
        (&decisions[0]["decision"], &decisions[0]["why"]),
        (&json!("discarded"), &json!("ticket 7"))
    );
    assert_eq!(decisions[1]["decision"], "replayed");
}

#[tokio::test]
async fn without_a_rate_a_call_waits_and_is_charged_once_there_is_one() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let list = bank.stack.folder().join("rates.csv");
    let import = async |content: &str| {
        fs::write(&list, content).unwrap();
        bank.curbe(&["rates", "import", list.to_str().unwrap()]).await;
    };
    import("prefix,rate_per_minute\n34,0.0200\n").await;
    // It begins once its prefix is gone.
    let ended = OffsetDateTime::now_utc() + Duration::minutes(3);
    let call = user.calls(MEXICO, 61).ended_at(ended);
    bank.hang_up(&call).await;
    bank.drained().await;
    let letter = bank.letters(&call.sid).await.remove(0);
    assert_eq!((letter.reason.as_str(), bank.balance(&user).await.as_str()), ("no_rate", OPENING));
    let id = letter.id.to_string();
    bank.dead_letters(&["replay", &id, "--dry-run"], 3).await;
    import("prefix,rate_per_minute\n34,0.0200\n52,0.0300\n").await;
    let look = bank.dead_letters(&["replay", &id, "--dry-run"], 0).await;
    assert_eq!(look["wallets"][0]["amount"], "-0.0600");
    assert_eq!(look["wallets"][0]["walletId"], user.wallet.to_string());
    let shown = bank.dead_letters(&["show", &id], 0).await;
    assert_eq!(shown["now"]["wallets"], look["wallets"]);
    bank.dead_letters(&["replay", "--all", "--reason", "no_rate", "--yes"], 0).await;
    assert_eq!(bank.charges(&call.sid).await, ["-0.0600"]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn a_child_whose_parent_is_never_told_of_is_charged_alone() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let parent = TwilioCall::outbound(&user.number, MEXICO).completed(61);
    let child = parent.dialled(&user.number, MEXICO).completed(61);
    bank.hang_up(&child).await;
    bank.drained().await;
    // Nobody can wait four hours for it here.
    bank.sql("update call_legs set hangup_received_at = now() - interval '5 hours' where outcome is not null").await;
    let letter = wait_until(SOON, "the patience to be over", async || {
        bank.letters(&child.sid).await.pop().ok_or("not yet")
    })
    .await;
    assert_eq!(
        (letter.reason.as_str(), bank.spent(&user).await.as_str()),
        ("parent_missing", "0.0000")
    );
    let look = bank.dead_letters(&["replay", "--all", "--dry-run"], 0).await;
    assert_eq!(look["wallets"][0]["amount"], "-0.0274");
    assert_eq!(bank.settled_as(&child.sid).await, None);
    bank.dead_letters(&["replay", &letter.id.to_string(), "--yes"], 0).await;
    assert_eq!(bank.charges(&child.sid).await, ["-0.0274"]);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn whatever_was_sent_does_not_move_the_terminal_of_who_looks() {
    let bank = Bank::open().await;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Curbe-Provider", "twilio");
    headers.insert("Curbe-Leg", "CA\u{1b}[2J\u{202e}1");
    headers.insert("Content-Type", "application/x-www-form-urlencoded");
    let queue = bank.queue().await;
    let bodies: [&[u8]; 3] =
        [b"A=%1B%5D0;owned%07&B=%0D%0A\x1b[31m", b"\xff\x1b[2J", b"{\"a\":\"\xc2\x9b31m\"}"];
    for body in bodies {
        let sent = queue.publish_with_headers("voice.twilio.hangup", headers.clone(), body.into());
        sent.await.unwrap().await.unwrap();
    }
    bank.drained().await;
    let list = bank.run(&["dead-letters", "list"]).await.stdout;
    is_harmless(&list);
    assert!(list.contains("\\u{1b}"), "{list}");
    let letters = bank.dead_letters(&["list"], 0).await;
    assert_eq!(letters["total"], 3, "{letters}");
    for letter in letters["data"].as_array().unwrap() {
        let id = letter["id"].as_str().unwrap();
        let shown = bank.run(&["dead-letters", "show", id]).await;
        assert_eq!(shown.status, Some(0), "{shown:?}");
        is_harmless(&shown.stdout);
        is_harmless(&bank.run(&["dead-letters", "replay", id, "--dry-run"]).await.stdout);
        let payload = bank.dead_letters(&["show", id], 0).await["payload"].clone();
        assert_ne!(payload["text"].is_string(), payload["base64"].is_string(), "{payload}");
    }
}

fn is_harmless(shown: &str) {
    let harm = shown.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(harm, None, "{shown:?}");
}
