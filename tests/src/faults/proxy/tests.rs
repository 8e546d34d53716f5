//! The proxy before a server that echoes.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(100);

/// Echoes, and remembers all that it heard.
async fn echo() -> (u16, watch::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heard) = watch::channel(Vec::new());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    sender.send_modify(|heard| heard.extend_from_slice(&buffer[..read]));
                    if stream.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, heard)
}

async fn open() -> (Proxy, TcpStream, watch::Receiver<Vec<u8>>) {
    let (port, heard) = echo().await;
    let proxy = Proxy::start(vec![port]).await.unwrap();
    let mut client = connect(&proxy).await;
    assert_eq!(says(&mut client, "hello").await, "hello");
    (proxy, client, heard)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap()
}

async fn says(client: &mut TcpStream, words: &str) -> String {
    client.write_all(words.as_bytes()).await.unwrap();
    hears(client).await.unwrap()
}

async fn hears(client: &mut TcpStream) -> std::io::Result<String> {
    let mut buffer = [0; 1024];
    let read = timeout(SOON, client.read(&mut buffer)).await.expect("bytes, or an end")?;
    Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
}

async fn is_silent(client: &mut TcpStream) -> bool {
    timeout(SILENCE, client.read(&mut [0; 1024])).await.is_err()
}

async fn is_reset(client: &mut TcpStream) {
    let error = hears(client).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

async fn has_heard(heard: &watch::Receiver<Vec<u8>>, words: &str) {
    let mut heard = heard.clone();
    let all = heard.wait_for(|heard| heard.ends_with(words.as_bytes()));
    timeout(SOON, all).await.expect("the server to hear it").unwrap();
}

#[tokio::test]
async fn cut_it_resets_what_is_open_and_what_is_new() {
    let (proxy, mut client, _) = open().await;
    proxy.set(Mode::Cut);
    is_reset(&mut client).await;
    is_reset(&mut connect(&proxy).await).await;
    proxy.heal();
    assert_eq!(says(&mut connect(&proxy).await, "again").await, "again");
}

#[tokio::test]
async fn silent_it_keeps_bytes_until_it_is_healed() {
    let (proxy, mut client, heard) = open().await;
    for (mode, arrives) in
        [(Mode::Silent, false), (Mode::SilentToServer, false), (Mode::SilentToClient, true)]
    {
        proxy.set(mode);
        let words = format!("{mode:?}");
        client.write_all(words.as_bytes()).await.unwrap();
        assert!(is_silent(&mut client).await, "{mode:?}");
        if arrives {
            has_heard(&heard, &words).await;
        } else {
            assert!(!heard.borrow().ends_with(words.as_bytes()), "{mode:?}");
        }
        proxy.heal();
        assert_eq!(hears(&mut client).await.unwrap(), words);
    }
}

#[tokio::test]
async fn delayed_they_come_later() {
    let (proxy, mut client, _) = open().await;
    proxy.set(Mode::Delay(SILENCE));
    let begun = Instant::now();
    assert_eq!(says(&mut client, "slowly").await, "slowly");
    assert!(begun.elapsed() >= 2 * SILENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn lost_replies_never_come() {
    let (proxy, mut client, heard) = open().await;
    proxy.set(Mode::LostReplies);
    client.write_all(b"lost").await.unwrap();
    has_heard(&heard, "lost").await;
    assert!(is_silent(&mut client).await);
    proxy.heal();
    is_reset(&mut client).await;
}

#[tokio::test]
async fn a_trap_loses_the_one_reply() {
    let (proxy, mut client, heard) = open().await;
    let mut other = connect(&proxy).await;
    proxy.set_trap(Trap::on("COMMIT", Snap::LoseReply));
    assert_eq!(says(&mut client, "BEGIN").await, "BEGIN");
    client.write_all(b"COMMIT").await.unwrap();
    proxy.snapped(SOON).await.unwrap();
    has_heard(&heard, "COMMIT").await;
    assert!(is_silent(&mut client).await);
    // It snaps once.
    assert_eq!(says(&mut other, "COMMIT").await, "COMMIT");
    proxy.heal();
    is_reset(&mut client).await;
    assert_eq!(says(&mut other, "still there").await, "still there");
}

#[tokio::test]
async fn a_trap_lets_the_first_half_through() {
    let (proxy, mut client, heard) = open().await;
    proxy.set_trap(Trap::on("EVALSHA", Snap::CutBefore));
    client.write_all(b"PUBLISH;EVALSHA;").await.unwrap();
    has_heard(&heard, "PUBLISH;").await;
    let end = async { while hears(&mut client).await.is_ok_and(|heard| !heard.is_empty()) {} };
    timeout(SOON, end).await.expect("the end");
    assert!(heard.borrow().ends_with(b"PUBLISH;"));
}

#[tokio::test]
async fn an_end_is_passed_on() {
    let (_proxy, mut client, heard) = open().await;
    client.write_all(b"last words").await.unwrap();
    client.shutdown().await.unwrap();
    has_heard(&heard, "last words").await;
    assert_eq!(hears(&mut client).await.unwrap(), "last words");
    assert_eq!(hears(&mut client).await.unwrap(), "");
}

#[tokio::test]
async fn addresses_keep_all_but_their_port() {
    let proxy = Proxy::start(vec![1]).await.unwrap();
    let port = proxy.port();
    for (url, expected) in [
        ("postgres://me@127.0.0.1:5432/curbe", format!("postgres://me@127.0.0.1:{port}/curbe")),
        ("nats://127.0.0.1:4222", format!("nats://127.0.0.1:{port}")),
    ] {
        assert_eq!(proxy.before(url).unwrap(), expected);
    }
}
