//! Redis forgets, the socket does not: every frame comes once and in order, also those that Redis never carried.

use std::time::{Duration, Instant};

use redis::cmd;
use serde_json::Value;

use crate::fixture::Bank;
use crate::fixture::bank::with;
use crate::fixture::customers::User;
use crate::fixture::socket::Socket;

/// The sweep comes every 3 s; the rest is for two busy cores.
const SECONDS_LATER: Duration = Duration::from_secs(15);

async fn screen() -> (Bank, User, Socket) {
    let bank = Bank::open().await;
    bank.stack.start_notifier(&[]).await.unwrap();
    let user = bank.customer().await;
    let socket = bank.socket(&user).await;
    (bank, user, socket)
}

/// Charges so many calls, one after the other.
async fn charge(bank: &Bank, user: &User, calls: usize) {
    for _ in 0..calls {
        let call = user.calls("+523312345678", 61);
        bank.hang_up(&call).await;
        assert_eq!(bank.settled(&call.sid).await, "charged");
    }
}

/// Takes the frames up to a number: each once, none left out, each of its kind.
async fn takes(socket: &mut Socket, first: i64, last: i64) {
    let frames = socket.up_to(last).await;
    let numbers: Vec<_> = frames.iter().map(|frame| frame["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (first..=last).collect::<Vec<_>>(), "{frames:#?}");
    for call in frames.chunks(2) {
        let kinds: Vec<&Value> = call.iter().map(|frame| &frame["type"]).collect();
        assert_eq!(kinds, ["balance_updated", "new_call_log"]);
    }
}

async fn redis(bank: &Bank, command: &[&str]) {
    let mut connection = bank.redis().await;
    let () = cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn while_redis_is_away() {
    let (bank, user, mut socket) = screen().await;
    charge(&bank, &user, 2).await;
    takes(&mut socket, 2, 5).await;
    bank.stack.redis().process().kill();
    charge(&bank, &user, 3).await;
    bank.stack.redis().restart().await.unwrap();
    let back = Instant::now();
    takes(&mut socket, 6, 11).await;
    assert!(back.elapsed() < SECONDS_LATER, "{:?}", back.elapsed());
    charge(&bank, &user, 1).await;
    takes(&mut socket, 12, 13).await;
}

#[tokio::test]
async fn when_its_own_connection_breaks() {
    let (bank, user, mut socket) = screen().await;
    for first in [2, 8, 14] {
        redis(&bank, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        charge(&bank, &user, 3).await;
        takes(&mut socket, first, first + 5).await;
    }
}

#[tokio::test]
async fn when_frames_are_dropped_on_their_way() {
    let (bank, user, mut socket) = screen().await;
    redis(&bank, &["ACL", "SETUSER", "default", "-publish"]).await;
    charge(&bank, &user, 3).await;
    redis(&bank, &["ACL", "SETUSER", "default", "+publish"]).await;
    // The next one shows that some are missing.
    charge(&bank, &user, 1).await;
    takes(&mut socket, 2, 9).await;
}

#[tokio::test]
async fn and_is_told_nothing_twice() {
    let (bank, user, mut socket) = screen().await;
    let call = user.calls("+523312345678", 61);
    bank.hang_up(&call).await;
    for times in ["1", "2", "3"] {
        bank.tell(&with(call.hangup(), "ForwardedFrom", Some(times))).await;
        bank.drained().await;
    }
    charge(&bank, &user, 1).await;
    takes(&mut socket, 2, 5).await;
}
