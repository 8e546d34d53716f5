//! A queue that asks for a password is entered with the one of the address, and with no other; the address alone may be
//! written into a log.

use std::time::Duration;

use curbe_platform::queue;
use curbe_tests::stack::directory::TestDirectory;
use curbe_tests::stack::launch::Launch;
use curbe_tests::stack::packages::{self, NATS};
use curbe_tests::stack::port;
use curbe_tests::stack::process::Process;
use curbe_tests::stack::wait_until;
use tokio::time::timeout;

use crate::fixture::SOON;

/// With everything that has a meaning in an address.
const PASSWORD: &str = "p@ss/w:rd?#";
const ENCODED: &str = "p%40ss%2Fw%3Ard%3F%23";

/// A queue that lets in by these arguments.
async fn guarded(folder: &TestDirectory, arguments: &[&str]) -> (Process, u16) {
    let (program, port) = (packages::find(NATS).await.unwrap(), port::free().unwrap());
    let launch = Launch::new("nats", program, folder.path().join("nats.log"))
        .arguments(["-a", "127.0.0.1", "-p", &port.to_string()])
        .arguments(arguments);
    (Process::start(launch).unwrap(), port)
}

async fn is_let_in(url: &str) -> bool {
    let client = queue::connect(url, "test").await.unwrap();
    let connected = wait_until(SOON, "a connection", async || match queue::is_connected(&client) {
        true => Ok(()),
        false => Err("none"),
    });
    // Who is refused is so at once, again and again.
    timeout(Duration::from_secs(3), connected).await.is_ok()
}

#[tokio::test]
async fn by_name_and_password() {
    let folder = TestDirectory::new("guarded").unwrap();
    let (_queue, port) = guarded(&folder, &["--user", "curbe", "--pass", PASSWORD]).await;
    wait_until(SOON, "the right one to be let in", async || {
        let url = format!("nats://curbe:{ENCODED}@127.0.0.1:{port}");
        if is_let_in(&url).await { Ok(()) } else { Err("not yet") }
    })
    .await;
    for who in ["", "curbe:other@", "other:p%40ss%2Fw%3Ard%3F%23@", "curbe@"] {
        assert!(!is_let_in(&format!("nats://{who}127.0.0.1:{port}")).await, "{who}");
    }
}

#[tokio::test]
async fn by_a_token() {
    let folder = TestDirectory::new("guarded").unwrap();
    let (_queue, port) = guarded(&folder, &["--auth", "a-token"]).await;
    wait_until(SOON, "the right one to be let in", async || {
        let url = format!("nats://a-token@127.0.0.1:{port}");
        if is_let_in(&url).await { Ok(()) } else { Err("not yet") }
    })
    .await;
    assert!(!is_let_in(&format!("nats://another@127.0.0.1:{port}")).await);
}
