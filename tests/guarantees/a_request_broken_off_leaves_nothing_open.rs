//! Who goes away in the middle of his request leaves nothing behind: no transaction that stays open, and no connection on
//! which the next one's money would be written and never committed.

use std::time::Duration;

use curbe_tests::oracle::{text, units};
use curbe_tests::stack::wait_until;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::fixture::Bank;
use crate::fixture::customers::OPENING;

const ROUNDS: usize = 30;
/// Requests under way at the same time.
const SENDERS: usize = 4;
const REQUESTS: usize = ROUNDS * SENDERS;
/// As late as each word of the database comes, so that there is time to go away before every single one.
const LATE: Duration = Duration::from_millis(10);
/// Nobody waits longer; most are answered later than that.
const PATIENCE: Duration = Duration::from_millis(150);
/// A transaction that goes on is over by then; one that was forgotten is ended by the database after five seconds.
const OVER: Duration = Duration::from_secs(4);

/// Somebody's patience, anywhere between none and all of it.
fn patience() -> Duration {
    PATIENCE.mul_f64(rand::random())
}

/// The address under which the database answers late, for one of its logins.
async fn late_database(bank: &Bank, login: &str) -> String {
    let url = bank.stack.database_url();
    let server = url.split(['@', '/']).nth(3).unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let late = listener.local_addr().unwrap().to_string();
    let url = url.replace(&server, &late).replace("curbe@", &format!("{login}@"));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(delay(client, TcpStream::connect(server.clone()).await.unwrap()));
        }
    });
    url
}

async fn delay(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asked = async {
        copy(&mut from_client, &mut to_server).await.ok();
        to_server.shutdown().await.ok();
    };
    let told = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            sleep(LATE).await;
            if to_client.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
        to_client.shutdown().await.ok();
    };
    tokio::join!(asked, told);
}

/// Waits until no service of this bank's has a transaction open.
async fn nothing_stays_open(bank: &Bank) {
    let open = "select count(*) from pg_stat_activity where datname = current_database()
        and application_name like 'curbe-%' and state like 'idle in transaction%'";
    wait_until(OVER, "all transactions to be over", async || match bank.count(open).await {
        0 => Ok(()),
        open => Err(format!("{open} open")),
    })
    .await;
}

/// Asks several times at once and goes away, again and again; tells how often there was no answer.
async fn broken_off<R, F>(bank: &Bank, ask: impl Fn(usize) -> F) -> usize
where
    F: Future<Output = R>,
{
    let mut broken = 0;
    for round in 0..ROUNDS {
        let asked = (0..SENDERS).map(|sender| timeout(patience(), ask(round * SENDERS + sender)));
        broken += join_all(asked).await.iter().filter(|answer| answer.is_err()).count();
        nothing_stays_open(bank).await;
    }
    broken
}

#[tokio::test]
async fn of_the_money_that_it_moves() {
    let bank = Bank::without_worker().await;
    let database = late_database(&bank, "curbe_worker_login").await;
    bank.stack.start_worker(&[("DATABASE_URL", &database)]).await.unwrap();
    let (user, backend) = (bank.customer().await, bank.backend());
    let path = format!("/api/organizations/{}/refills", user.organization);
    let refill = |number: usize| {
        let body = json!({ "amount": "0.0001", "reference": format!("r{number}") });
        let request = backend.request(Method::POST, &path).json(&body);
        request.header("Idempotency-Key", format!("k{number}"))
    };
    let broken = broken_off(&bank, |number| refill(number).send()).await;
    assert!(broken > 0, "nobody went away");

    // Asked once more with patience, each is there once, also for whoever looks from elsewhere.
    for number in 0..REQUESTS {
        let answer = backend.send(refill(number)).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }
    let refilled = i128::try_from(REQUESTS).unwrap();
    assert_eq!(bank.balance(&user).await, text(units(OPENING) + refilled));
    bank.all_is_well().await;
}

#[tokio::test]
async fn of_what_it_reads() {
    let bank = Bank::open().await;
    let database = late_database(&bank, "curbe_notifier_login").await;
    bank.stack.start_notifier(&[("DATABASE_URL", &database)]).await.unwrap();
    let user = bank.customer().await;
    let browser = bank.browser(&user);
    let broken = broken_off(&bank, |number| {
        let path = ["/api/wallet/balance", "/api/logs", "/api/wallet/transactions"][number % 3];
        browser.request(Method::GET, path).send()
    });
    assert!(broken.await > 0, "nobody went away");

    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    assert_eq!(bank.settled(&call.sid).await, "charged");
    // On each of its connections the notifier sees what has happened since.
    for _ in 0..SENDERS {
        assert_eq!(browser.read("/api/wallet/balance").await["balance"], "9.9726");
    }
}
