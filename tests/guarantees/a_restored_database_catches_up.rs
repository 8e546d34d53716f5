//! A database that was restored from an older copy has lost what was committed since; the stream still holds what it was
//! told. Sent through again, it comes to exactly the same books.

use async_nats::jetstream::stream::{Config, Stream};
use curbe_tests::faults::proxy::{Proxy, Snap, Trap};
use curbe_tests::simulator::twilio::TwilioCall;
use curbe_tests::stack::{services, wait_until};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::fixture::customers::User;
use crate::fixture::{Bank, SOON};

/// Of each customer, before the copy is taken and after.
const CALLS: u32 = 8;
const MEXICO: &str = "+523312345678";
/// In the stream of those tests that have nothing else in it.
const CALLS_TOLD: u64 = 100;
const AUTHORIZED: &str = "credit.twilio.authorized";
const EVERYTHING: [&str; 6] = ["events", "replay", "--since", "1h", "--wait", "0s"];

#[tokio::test]
async fn to_exactly_the_same_books() {
    let bank = Bank::without_worker().await;
    let worker = bank.stack.start_worker(&[]).await.unwrap();
    let users = [bank.customer().await, bank.customer().await];
    bank.cache_is_current().await;
    traffic(&bank, &users).await;
    // One runs while the copy is taken: it was allowed before, and ends after.
    let running = TwilioCall::outbound(&users[0].number, MEXICO);
    bank.begins(&running).await;
    bank.drained().await;
    worker.process().kill();
    let since = OffsetDateTime::now_utc();
    let before = authorized(&bank).await;
    copy(&bank, &database(&bank), "kept").await;
    worker.restart().await.unwrap();
    bank.hang_up(&running.completed(61)).await;
    traffic(&bank, &users).await;
    let books = books(&bank).await;
    // Whoever finds the cache too slow at the last moment asks again, and is authorized twice.
    let authorized = authorized(&bank).await - before;
    assert!(authorized >= 2 * CALLS as usize, "{authorized}");

    worker.process().kill();
    drop_database(&bank, &database(&bank)).await;
    copy(&bank, "kept", &database(&bank)).await;
    worker.restart().await.unwrap();
    bank.cache("rebuild").await;
    assert_ne!(self::books(&bank).await, books, "something is missing");

    let since = since.format(&Rfc3339).unwrap();
    let look = bank.curbe(&["events", "replay", "--since", &since, "--dry-run"]).await;
    assert_eq!(look["subjects"][AUTHORIZED], authorized, "{look}");
    let sent = bank
        .run(&["events", "replay", "--since", &since, "--yes", "--why", "restored", "--json"])
        .await;
    // The letters that had been put aside are put aside again.
    assert_eq!(sent.status, Some(3), "{sent:?}");
    assert_eq!(
        (&sent.json()["sent"], &sent.json()["failing"]["no_rate"]),
        (&look["sent"], &2.into())
    );
    bank.drained().await;
    assert_eq!(self::books(&bank).await, books);
    bank.books_are_clean().await;

    // Once more changes nothing, and its own copies are not sent along.
    let again = bank
        .run(&["events", "replay", "--since", &since, "--yes", "--why", "restored", "--json"])
        .await;
    assert_eq!((&again.json()["sent"], &again.json()["copies"]), (&look["sent"], &look["sent"]));
    bank.drained().await;
    assert_eq!(self::books(&bank).await, books);
    bank.books_are_clean().await;
}

#[tokio::test]
async fn though_the_queue_leaves_a_question_unanswered() {
    let bank = Bank::without_worker().await;
    hundred_hangups(&bank).await;
    let direct = bank.stack.nats();
    let link = Proxy::start(vec![direct.port()]).await.unwrap();
    let nats = ("NATS_URL".to_owned(), link.before(direct.url()).unwrap());
    let environment = vec![("DATABASE_URL".to_owned(), bank.stack.database_url()), nats];
    for way in [&["--dry-run"][..], &["--yes", "--why", "restored"]] {
        // Asked for while the messages are read; looking for the first one asks for others.
        link.set_trap(Trap::on("{\"seq\":30", Snap::LoseReply));
        let arguments = [&EVERYTHING[..], &["--json"], way].concat();
        let run = services::curbe(&arguments, &environment, bank.stack.folder());
        let meanwhile = async {
            link.snapped(SOON).await.unwrap();
            link.heal();
        };
        let (ran, ()) = tokio::join!(run, meanwhile);
        let ran = ran.unwrap();
        let report: serde_json::Value =
            serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        assert_eq!((&report["sent"], &report["gone"]), (&CALLS_TOLD.into(), &0.into()), "{ran:?}");
    }
    assert_eq!(bank.stream().await.cached_info().state.messages, 2 * CALLS_TOLD);
}

#[tokio::test]
async fn with_room_for_what_is_sent_alone() {
    let bank = Bank::without_worker().await;
    hundred_hangups(&bank).await;
    let stream = bank.stream().await;
    // Cut off half way, its copies are in the stream.
    let slowly = [&EVERYTHING[..], &["--yes", "--why", "r", "--rate", "10"]].concat();
    tokio::select! {
        ended = bank.run(&slowly) => panic!("it was too fast to be killed: {ended:?}"),
        // Dropped, it is killed at once.
        () = copies_are_made(&stream) => {}
    }
    let info = stream.get_info().await.unwrap();
    let (held, messages) = (info.state.bytes, info.state.messages);
    let copies = messages - CALLS_TOLD;
    // Enough for what is still to be sent, not for the copies once more.
    let full = held + held * (CALLS_TOLD + copies / 2) / messages;
    let bytes_max = i64::try_from(full / 80 * 100).unwrap();
    let narrow = Config { max_bytes: bytes_max, ..info.config };
    bank.queue().await.update_stream(narrow).await.unwrap();
    let sent =
        bank.run(&[&EVERYTHING[..], &["--yes", "--why", "restored", "--json"]].concat()).await;
    // No worker is there to handle them.
    assert_eq!(sent.status, Some(3), "{sent:?}");
    let report = sent.json();
    assert_eq!((&report["sent"], &report["copies"]), (&CALLS_TOLD.into(), &copies.into()));
}

#[tokio::test]
async fn or_says_how_much_is_gone() {
    let bank = Bank::without_worker().await;
    hundred_hangups(&bank).await;
    let stream = bank.stream().await;

    // Nothing is sent where the copies would have the stream purged of what they are copies of.
    let state = stream.get_info().await.unwrap();
    let kept = state.config.clone();
    let bytes_max = i64::try_from(state.state.bytes * 2).unwrap();
    let narrow = Config { max_bytes: bytes_max, ..kept.clone() };
    let queue = bank.queue().await;
    queue.update_stream(narrow).await.unwrap();
    let all = [&EVERYTHING[..], &["--yes", "--why", "restored", "--json"]].concat();
    let refused = bank.run(&all).await;
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("no room"), "{refused:?}");
    assert_eq!(stream.get_info().await.unwrap().state.messages, CALLS_TOLD);
    queue.update_stream(kept).await.unwrap();

    // It is purged while they are sent.
    let purged = async {
        copies_are_made(&stream).await;
        stream.purge().sequence(CALLS_TOLD).await.unwrap();
    };
    let slowly = [&all[..], &["--rate", "5"]].concat();
    let (sent, ()) = tokio::join!(bank.run(&slowly), purged);
    assert_eq!(sent.status, Some(3), "{sent:?}");
    let (sent, gone) = (sent.json()["sent"].as_u64(), sent.json()["gone"].as_u64());
    assert!(gone > Some(0), "{sent:?} {gone:?}");
    assert_eq!(sent.unwrap() + gone.unwrap(), CALLS_TOLD);

    // And what is not there any more from the start is warned of.
    let look = bank.run(&["events", "replay", "--since", "1h", "--dry-run"]).await;
    assert!(look.stderr.contains("begins later than --since"), "{look:?}");
}

async fn hundred_hangups(bank: &Bank) {
    let user = bank.customer().await;
    let calls: Vec<_> = (0..CALLS_TOLD).map(|_| user.calls(MEXICO, 61)).collect();
    bank.hang_up_all(&calls).await;
    bank.nothing_is_spooled().await;
}

/// Of a stream that held the hangups alone.
async fn copies_are_made(stream: &Stream) {
    wait_until(SOON, "the first copies", async || {
        let messages = stream.get_info().await.unwrap().state.messages;
        if messages > CALLS_TOLD + 10 { Ok(()) } else { Err(messages) }
    })
    .await;
}

/// How often the stream says that a call may begin.
async fn authorized(bank: &Bank) -> usize {
    let stream = bank.stream().await;
    let subjects = stream.info_with_subjects(AUTHORIZED).await.unwrap();
    let counts: Vec<(String, usize)> = subjects.try_collect().await.unwrap();
    counts.iter().map(|(_, count)| count).sum()
}

/// Calls that ask and calls that do not, some of them without a rate.
async fn traffic(bank: &Bank, users: &[User]) {
    for user in users {
        for call in 0..CALLS {
            let asked = TwilioCall::outbound(&user.number, MEXICO);
            bank.begins(&asked).await;
            bank.hang_up(&asked.completed(call * 37)).await;
            bank.hang_up(&user.calls("+34911234567", call * 11)).await;
            if call == 1 {
                bank.hang_up(&user.calls("+999123456", 61)).await;
            }
            // Until then its hold stands in the way of the next call.
            bank.drained().await;
        }
    }
}

/// Every call with what was paid for it and on which terms, every balance, everything held, every letter.
async fn books(bank: &Bank) -> Vec<String> {
    let books = "
        select concat_ws(' ', 'call', l.external_call_id, l.status, l.duration_seconds, l.customer_price, l.rate_id,
            l.wallet_id, t.type, t.amount)
        from call_logs l left join wallet_transactions t on t.reference_id = l.id
        union all select concat_ws(' ', 'wallet', id, balance, seq) from wallets
        union all select concat_ws(' ', 'authorization', id, amount, status) from authorizations
        union all select concat_ws(' ', 'letter', leg, reason, status) from dead_letters
        order by 1";
    sqlx::query_scalar(books).fetch_all(bank.stack.pool()).await.unwrap()
}

/// The name of the bank's database.
fn database(bank: &Bank) -> String {
    bank.stack.database_url().rsplit('/').next().unwrap().to_owned()
}

/// Copies a database, which nobody may be using.
async fn copy(bank: &Bank, from: &str, to: &str) {
    let to = if to == "kept" { format!("{}_kept", database(bank)) } else { to.to_owned() };
    let from = if from == "kept" { format!("{}_kept", database(bank)) } else { from.to_owned() };
    leave(bank, &from).await;
    on_server(bank, format!("create database {to} template {from}")).await;
}

async fn drop_database(bank: &Bank, name: &str) {
    leave(bank, name).await;
    on_server(bank, format!("drop database {name} with (force)")).await;
}

/// Ends whoever is connected to it.
async fn leave(bank: &Bank, name: &str) {
    let end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname =";
    on_server(bank, format!("{end} '{name}'")).await;
}

async fn on_server(bank: &Bank, statement: String) {
    let url = bank.stack.postgres().url("postgres");
    let mut server = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut server).await.unwrap();
}
