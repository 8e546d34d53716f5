//! A notifier dies with two thousand sockets, and all of them come to the next one at the same moment: each is told what it
//! missed, pages are answered meanwhile, and Postgres sees no more connections than ever.

use std::time::{Duration, Instant};

use curbe_tests::simulator::browser::{Browser, Ended, Hello};
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::fixture::tokens::claims;
use crate::fixture::{Bank, SOON};

const WALLETS: usize = 500;
const USERS_OF_A_WALLET: usize = 2;
const SOCKETS_OF_A_USER: usize = 2;
/// What each of them misses, in rows of the ledger.
const MISSED: i64 = 40;
const CONNECTIONS: i64 = 8;
const DESCRIPTORS: u64 = 8_192;
/// A page while all of that goes on, on two busy cores. On a machine that is busy with other things, so many times what
/// one took before.
const PAGE_MAX: Duration = Duration::from_secs(5);
const TIMES_CALM: u32 = 20;
const BALANCE: &str = "/api/wallet/balance";
const BREATH: Duration = Duration::from_millis(100);

/// One by one through `curbe` they would take minutes.
async fn people(bank: &Bank) -> Vec<Uuid> {
    bank.sql(&format!(
        "insert into organizations (name) select 'Acme ' || n from generate_series(1, {WALLETS}) n;
        insert into users (organization_id, email)
            select o.id, gen_random_uuid() || '@example.com'
            from organizations o, generate_series(1, {USERS_OF_A_WALLET});
        insert into wallets (organization_id, user_id)
            select distinct on (organization_id) organization_id, id from users"
    ))
    .await;
    move_all(bank, 1).await;
    sqlx::query_scalar("select id from users").fetch_all(bank.stack.pool()).await.unwrap()
}

/// So many refills of a dollar in every wallet, each with its number.
async fn move_all(bank: &Bank, refills: i64) {
    bank.sql(&format!(
        "insert into wallet_transactions (wallet_id, amount, type, seq, balance_after)
            select w.id, 1, 'refill', w.seq + n, w.balance + n
            from wallets w, generate_series(1, {refills}) n;
        update wallets set seq = seq + {refills}, balance = balance + {refills},
            version = version + {refills}, updated_at = now()"
    ))
    .await;
}

/// Sockets need descriptors, here and in the notifier, which inherits the limit.
fn many_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < DESCRIPTORS) {
        let limit = Rlimit { current: Some(DESCRIPTORS), ..limit };
        setrlimit(Resource::Nofile, limit).expect("leave for as many descriptors");
    }
}

/// Comes in, as often as it takes; `since` says how far it had come.
async fn enter(url: &str, token: &str, since: Option<i64>) -> Browser {
    let hello = Hello { since, ..Hello::new(token) };
    let entering = async {
        loop {
            match Browser::enter(url, &hello).await {
                Ok(browser) => return browser,
                Err(Ended::Unreachable(_) | Ended::Upgrade(503)) => {}
                Err(Ended::Closed(Some(code))) if (4000..4500).contains(&code) => {}
                Err(Ended::Closed(None)) => {}
                Err(ended) => panic!("{ended}"),
            }
            sleep(BREATH).await;
        }
    };
    timeout(SOON, entering).await.expect("a socket did not come in")
}

/// Comes back and takes what it missed, if need be in several turns.
async fn come_back(url: &str, token: &str) {
    let mut seq = 1;
    while seq <= MISSED {
        let mut browser = enter(url, token, Some(seq)).await;
        assert_eq!(browser.welcome()["resumed"], true, "{}", browser.welcome());
        while let Ok(frame) = timeout(SOON, browser.next()).await.expect("a frame in time") {
            let frame: Value = frame.json().unwrap();
            seq += 1;
            assert_eq!((&frame["type"], &frame["seq"]), (&"balance_updated".into(), &seq.into()));
            assert_eq!(frame["data"]["newBalance"], format!("{seq}.0000"));
            if seq > MISSED {
                break;
            }
        }
    }
}

/// The longest until a page was there, also for whoever was told to ask again; and the most connections that there were, as long as `work` goes on.
async fn observe(bank: &Bank, token: &str, work: impl Future<Output = ()>) -> (Duration, i64) {
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    let browser = bank.browser_with(token.to_owned());
    let observing = async {
        loop {
            let begun = Instant::now();
            while let page = browser.get(BALANCE).await
                && page.status != 200
            {
                assert_eq!(page.status, 503, "{page:?}");
            }
            slowest = slowest.max(begun.elapsed());
            let connections = "select count(*) from pg_stat_activity
                where application_name = 'curbe-notifier' and datname = current_database()";
            most = most.max(bank.count(connections).await);
        }
    };
    tokio::select! {
        () = work => {}
        () = observing => {}
    }
    (slowest, most)
}

#[tokio::test]
async fn and_nothing_stalls() {
    many_descriptors();
    let bank = Bank::without_worker().await;
    let people = people(&bank).await;
    let connections = CONNECTIONS.to_string();
    let limit = ("DATABASE_CONNECTIONS_MAX", connections.as_str());
    let notifier = bank.stack.start_notifier(&[limit]).await.unwrap();
    let url = notifier.url();
    let tokens: Vec<String> =
        people.iter().flat_map(|user| vec![bank.sign(&claims(*user)); SOCKETS_OF_A_USER]).collect();
    assert_eq!(tokens.len(), 2_000);
    let before = join_all(tokens.iter().map(|token| enter(url, token, None))).await;
    assert!(before.iter().all(|browser| browser.welcome()["seq"] == 1));

    let begun = Instant::now();
    assert_eq!(bank.browser_with(tokens[0].clone()).get(BALANCE).await.status, 200);
    let calm = begun.elapsed();
    notifier.process().kill();
    drop(before);
    move_all(&bank, MISSED).await;
    notifier.restart().await.unwrap();
    let begun = Instant::now();
    let all = async { drop(join_all(tokens.iter().map(|token| come_back(url, token))).await) };
    let (slowest, most) = observe(&bank, &tokens[0], all).await;
    println!("{} sockets in {:?}, pages within {slowest:?}", tokens.len(), begun.elapsed());

    assert!(slowest < PAGE_MAX.max(calm * TIMES_CALM), "a page took {slowest:?}, before {calm:?}");
    assert!(most <= CONNECTIONS, "{most} connections");
    // What several sockets of a wallet ask for is read once.
    let readings = bank.measured("curbe_gap_reads_total").await;
    assert!(readings < tokens.len() as u64, "{readings} readings");
}
