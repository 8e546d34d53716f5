//! A notifier that is told to end closes its sockets one after the other, with a code that means "come back, to another
//! one", takes no new ones, and goes in time.

use std::time::{Duration, Instant};

use curbe_tests::simulator::browser::{Ended, Hello};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::fixture::Bank;
use crate::fixture::tokens::claims;

const SOCKETS: usize = 40;
/// They are spread over four seconds, at random.
const SPREAD: Duration = Duration::from_secs(1);
/// What it is given by default.
const DEADLINE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn to_one_after_the_other() {
    let bank = Bank::without_worker().await;
    let limit = ("NOTIFIER_SOCKETS_PER_USER_MAX", "100");
    let notifier = bank.stack.start_notifier(&[limit]).await.unwrap();
    let user = bank.customer().await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(bank.socket(&user).await);
    }
    let token = bank.sign(&claims(user.id));

    let told = Instant::now();
    notifier.process().terminate();
    let mut closing: FuturesUnordered<_> = sockets
        .iter_mut()
        .map(|socket| async move { (socket.closed().await, told.elapsed()) })
        .collect();
    let mut last = Duration::ZERO;
    let mut first = None;
    while let Some((ended, after)) = closing.next().await {
        assert_eq!(ended, Ended::Closed(Some(4012)));
        last = last.max(after);
        if first.is_none() {
            first = Some(after);
            // The others are still there: pages are answered, new sockets are not opened.
            let refused = bank.try_socket(&Hello::new(&token)).await.err();
            assert_eq!(refused, Some(Ended::Upgrade(503)));
            assert_eq!(bank.browser(&user).get("/api/wallet/balance").await.status, 200);
        }
    }
    let spread = last - first.unwrap();
    assert!(spread > SPREAD, "{spread:?}");
    let status = notifier.process().ended(DEADLINE).await.unwrap();
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert!(told.elapsed() < DEADLINE, "{:?}", told.elapsed());
    assert!(!notifier.process().log().contains("at the deadline"));
}
