//! What the spool has said yes to is there after the process, once, in its order.

use async_nats::HeaderMap;

use super::frame::{Found, Frames};
use super::segment::part;
use super::*;

const MANY: usize = 1 << 30;

fn event(number: usize) -> Outgoing {
    let body = number.to_string().into();
    Outgoing { subject: "voice.twilio.hangup".to_owned(), headers: HeaderMap::new(), body }
}

/// The bodies that wait, in their order.
fn waiting(spool: &Spool) -> Vec<String> {
    let mut bodies = Vec::new();
    while let Some(next) = spool.backlog.next() {
        let (name, part) = part(&next.path, next.from, next.to).unwrap();
        for found in Frames::new(name, next.from, &part) {
            let Found::Event(event, bytes) = found else { panic!("{found:?}") };
            bodies.push(String::from_utf8(event.body.to_vec()).unwrap());
            spool.backlog.acknowledged(next.number, bytes, 1);
        }
    }
    bodies
}

/// As if its process had ended. The thread that writes ends on its own, and lets go of the directory.
async fn reopened(spool: Spool, path: &Path) -> Spool {
    drop(spool);
    timeout(Duration::from_secs(5), async {
        loop {
            match Spool::open(path, MANY, Duration::ZERO) {
                Ok(spool) => return spool,
                Err(_) => sleep(PAUSE).await,
            }
        }
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn what_was_kept_is_found_again_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), MANY, Duration::ZERO).unwrap();
    for number in 0..20 {
        spool.append(&event(number)).await.unwrap();
    }
    let spool = reopened(spool, folder.path()).await;
    assert_eq!(spool.waiting(), 20);
    spool.append(&event(20)).await.unwrap();
    let expected: Vec<String> = (0..=20).map(|number| number.to_string()).collect();
    assert_eq!(waiting(&spool), expected);
    assert_eq!(spool.waiting(), 0);
}

/// It is sent again: only its holds are not set aside once more.
#[tokio::test]
async fn what_has_gone_is_known_to_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), MANY, Duration::ZERO).unwrap();
    for number in 0..2 {
        spool.append(&event(number)).await.unwrap();
    }
    let next = spool.backlog.next().unwrap();
    let half = next.from + (next.to - next.from) / 2;
    mark::write(&next.path, half).unwrap();
    let spool = reopened(spool, folder.path()).await;
    let again = spool.backlog.next().unwrap();
    assert_eq!(again, backlog::Waiting { known_to: half, ..next });
    assert_eq!(waiting(&spool), ["0", "1"]);
    spool.backlog.remove_gone();
    assert!(!again.path.exists() && mark::read(&again.path) == 0);
}

#[tokio::test]
async fn many_are_synced_together() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), MANY, Duration::ZERO).unwrap();
    let all = (0..500).map(|number| {
        let spool = spool.clone();
        async move { spool.append(&event(number)).await }
    });
    for kept in futures_util::future::join_all(all).await {
        kept.unwrap();
    }
    let mut numbers: Vec<usize> =
        waiting(&spool).iter().map(|body| body.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_one_says_no_and_has_room_once_something_went() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), 300_000, Duration::ZERO).unwrap();
    let large = Outgoing { body: vec![b'x'; 60_000].into(), ..event(0) };
    for _ in 0..4 {
        spool.append(&large).await.unwrap();
    }
    assert!(!spool.takes_events());
    assert_eq!(spool.append(&large).await, Err(SpoolError::Full));
    assert_eq!(waiting(&spool).len(), 4);
    let closing = spool.backlog.to_be_closed().unwrap();
    spool.orders.send(Order::Close(closing)).await.unwrap();
    timeout(Duration::from_secs(5), async {
        while !spool.takes_events() {
            sleep(PAUSE).await;
        }
    })
    .await
    .unwrap();
    spool.append(&large).await.unwrap();
    assert_eq!(waiting(&spool).len(), 1);
}

#[tokio::test]
async fn one_that_cannot_be_written_says_so_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    let spool = Spool::open(&path, MANY, Duration::ZERO).unwrap();
    std::fs::remove_dir_all(&path).unwrap();
    let refused = spool.append(&event(0)).await;
    assert!(matches!(refused, Err(SpoolError::Unwritable(_))), "{refused:?}");
    assert!(!spool.takes_events());
    std::fs::create_dir(&path).unwrap();
    timeout(Duration::from_secs(5), async {
        while !spool.takes_events() {
            spool.look_again().await;
            sleep(PAUSE).await;
        }
    })
    .await
    .unwrap();
    spool.append(&event(1)).await.unwrap();
    assert_eq!(waiting(&spool), ["1"]);
}
