//! A person looks at a dead letter, whatever is in it, and decides: it is sent through again once its reason is gone, or it
//! is discarded. Each is on record.

use std::fs;

use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::wait_until;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::fixture::bank::with;
use crate::fixture::customers::OPENING;
use crate::fixture::letters::MEXICO;
use crate::fixture::{Bank, SOON};

const WHY: [&str; 4] = ["--yes", "--why", "ticket 7", "--by=ana"];

#[tokio::test]
async fn how_many_there_are_and_how_old_is_measured() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let user = bank.customer().await;
    let (_, letter) = bank.contradicted(&user).await;
    // It counts once a minute, and as soon as it starts.
    let starts_anew = async || {
        worker.process().kill();
        worker.restart().await.unwrap();
    };
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
    bank.sql("update dead_letters set created_at = now() - interval '1 minute'").await;
    starts_anew().await;
    measures(open, |letters| letters == 1).await;
    measures("curbe_dead_letters_open{reason=\"no_rate\"}", |letters| letters == 0).await;
    measures(age, |seconds| (60..660).contains(&seconds)).await;
    bank.replay(&[&letter], 3).await;
    bank.dead_letters(&[&["discard", &letter][..], &WHY].concat(), 0).await;
    starts_anew().await;
    measures(open, |letters| letters == 0).await;
    measures(age, |seconds| seconds == 0).await;
    for decision in ["replayed", "discarded"] {
        let decided = format!("curbe_dead_letters_decided_total{{decision=\"{decision}\"}}");
        measures(&decided, |letters| letters == 1).await;
    }
}

#[tokio::test]
async fn a_discarded_letter_stays_so_until_it_is_named_again() {
    let bank = Bank::open().await;
    let user = bank.customer().await;
    let (call, letter) = bank.contradicted(&user).await;
    let discard = [&["discard", &letter][..], &WHY].concat();
    assert_eq!(bank.dead_letters(&discard, 0).await["discarded"], 1);
    assert_eq!(bank.dead_letters(&discard, 0).await["discarded"], 0);
    // The same is told once more, and all letters are sent through.
    bank.tell(&with(call.clone().completed(181).hangup(), "ForwardedFrom", Some(""))).await;
    bank.drained().await;
    let open = bank.letters(&call.sid).await.into_iter().find(|letter| letter.status == "open");
    let open = open.unwrap().id.to_string();
    assert_eq!(bank.replay(&["--all"], 3).await["total"], 1);
    // No more than so many.
    let limited = [&["discard", "--all", "--limit", "1"][..], &WHY].concat();
    assert_eq!(bank.dead_letters(&limited, 0).await["letters"], json!([open]));
    assert_eq!(bank.replay(&["--all"], 0).await["total"], 0);
    assert_eq!(bank.dead_letters(&["list"], 0).await["total"], 0);
    assert_eq!(bank.dead_letters(&["list", "--status", "discarded"], 0).await["total"], 2);
    // Named, it is tried even so.
    bank.replay(&[&letter], 3).await;
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
    bank.replay(&["--all", "--reason", "no_rate"], 0).await;
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
    bank.replay(&[&letter.id.to_string()], 0).await;
    assert_eq!(bank.charges(&child.sid).await, ["-0.0274"]);

    // Told of after that, the parent is not charged as well: whoever may decides.
    bank.hang_up(&parent).await;
    bank.drained().await;
    let late = bank.letters(&parent.sid).await.remove(0);
    assert_eq!((late.reason.as_str(), bank.spent(&user).await.as_str()), ("conflict", "0.0274"));
    assert!(late.detail.contains(&child.sid), "{}", late.detail);
    bank.replay(&[&late.id.to_string()], 3).await;
    assert_eq!(bank.spent(&user).await, "0.0274");
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

#[tokio::test]
async fn only_those_that_the_filters_want() {
    let bank = Bank::open().await;
    let (ana, ben) = (bank.customer().await, bank.customer().await);
    let unreadable = ana.calls(MEXICO, 61);
    bank.tell(&with(unreadable.hangup(), "CallDuration", Some("an hour"))).await;
    let (of_ana, of_ben) = (ana.calls("+999123456", 61), ben.calls("+999123456", 61));
    bank.hang_up_all(&[of_ana.clone(), of_ben.clone()]).await;
    bank.drained().await;
    // It was put aside two days ago.
    let aged = "update dead_letters set created_at = now() - interval '2 days' where leg =";
    bank.sql(&format!("{aged} '{}'", of_ben.sid)).await;
    bank.insert_rate("999", "0.0132", "0.0010").await;
    let (ana, ben) = (ana.organization.to_string(), ben.organization.to_string());

    let (no_rate, old) = (["--reason", "no_rate"], ["--until", "1d"]);
    let wanted: [(&[&str], &[&TwilioCall]); 9] = [
        (&[], &[&unreadable, &of_ana, &of_ben]),
        (&no_rate, &[&of_ana, &of_ben]),
        (&["--reason", "unreadable"], &[&unreadable]),
        (&["--organization", &ben], &[&of_ben]),
        (&[&no_rate[..], &["--organization", &ana]].concat(), &[&of_ana]),
        (&old, &[&of_ben]),
        (&["--since", "1d"], &[&unreadable, &of_ana]),
        (&["--provider", "telnyx"], &[]),
        (&[&old[..], &["--organization", &ana]].concat(), &[]),
    ];
    for (filters, calls) in wanted {
        let listed = bank.dead_letters(&[&["list"], filters].concat(), 0).await;
        let rows = listed["data"].as_array().unwrap().iter();
        let mut legs: Vec<&str> = rows.map(|row| row["leg"].as_str().unwrap()).collect();
        let mut expected: Vec<&str> = calls.iter().map(|call| call.sid.as_str()).collect();
        legs.sort_unstable();
        expected.sort_unstable();
        assert_eq!(legs, expected, "{filters:?}");
        assert_eq!(listed["total"], calls.len(), "{filters:?}");
        let failing = usize::from(expected.contains(&unreadable.sid.as_str()));
        let look = [&["replay", "--all", "--dry-run"], filters].concat();
        let look = bank.dead_letters(&look, if failing > 0 { 3 } else { 0 }).await;
        assert_eq!((&look["total"], &look["failing"]), (&json!(calls.len()), &json!(failing)));
    }
    let replays = async |filters: &[&str], settled: usize| {
        let sent = bank.replay(&[&["--all"], filters].concat(), 0).await;
        assert_eq!((&sent["total"], &sent["settled"]), (&json!(settled), &json!(settled)));
    };
    replays(&old, 1).await;
    assert_eq!(bank.settled_as(&of_ben.sid).await.as_deref(), Some("charged"));
    assert_eq!(bank.settled_as(&of_ana.sid).await, None);
    replays(&[&no_rate[..], &["--organization", &ben]].concat(), 0).await;
    replays(&[&no_rate[..], &["--organization", &ana]].concat(), 1).await;
    assert_eq!(bank.settled_as(&of_ana.sid).await.as_deref(), Some("charged"));
    assert_eq!(bank.letters_that_are("open").await, 1);
    bank.books_are_clean().await;
}
