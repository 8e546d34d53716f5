//! What chance would rarely find: a leg asked about twice, with less money the second time; two calls that are loaded
//! with the same money before either was told; and a hold that somebody else looks at while its decision waits on a disk.

use curbe_domain::money::Money;
use curbe_platform::credit::{
    Ask, Confirmed, CreditCache, CreditError, Dropped, Hold, Kind, Placed, WalletState, Wanted,
};
use curbe_tests::stack::wait_until;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::bank::money;
use super::batch::{Ground, SOON};

const LEG: &str = "call:twilio:CA1";
const OTHER: &str = "call:twilio:CA2";

#[tokio::test]
async fn a_second_look_is_not_satisfied_with_less() {
    let ground = Ground::new().await;
    let (cache, wallet) = (ground.cache(), wallet(1));
    let now = OffsetDateTime::now_utc();
    load(&cache, &wallet).await;
    assert_eq!(taken(&cache, &wallet, LEG, 8_000).await, 8_000);
    // The cache forgets, and other calls are faster.
    ground.empty().await;
    load(&cache, &wallet).await;
    assert_eq!(taken(&cache, &wallet, OTHER, 7_000).await, 7_000);
    assert_eq!(taken(&cache, &wallet, LEG, 8_000).await, 3_000);
    let look = |most| confirmed(&cache, &wallet, LEG, most, now);
    assert_eq!(look(8_000).await, Confirmed::Lost);
    // With money again it is grown; who was promised less has that too.
    let dropped = Dropped { wallet_id: wallet.wallet_id, hold: OTHER.to_owned() };
    let paid = [WalletState { version: 2, ..wallet.clone() }];
    let dropped = [dropped];
    answered(|| cache.announce(&paid, &[], &dropped)).await;
    assert_eq!(look(8_000).await, Confirmed::Held);
    assert_eq!(taken(&cache, &wallet, LEG, 8_000).await, 8_000);
    assert_eq!(look(3_000).await, Confirmed::Held);
    assert_eq!(taken(&cache, &wallet, OTHER, 8_000).await, 2_000);
}

#[tokio::test]
async fn a_second_look_is_not_satisfied_with_money_that_another_has_too() {
    let ground = Ground::new().await;
    let (cache, wallet) = (ground.cache(), wallet(1));
    let now = OffsetDateTime::now_utc();
    // Each was alone when it asked: the cache was emptied between them, and again once both were durable.
    load(&cache, &wallet).await;
    assert_eq!(taken(&cache, &wallet, LEG, 6_000).await, 6_000);
    ground.empty().await;
    load(&cache, &wallet).await;
    assert_eq!(taken(&cache, &wallet, OTHER, 6_000).await, 6_000);
    ground.empty().await;
    load_with(&cache, &wallet, &[LEG, OTHER].map(|name| hold(name, 6_000))).await;
    let look = |name| confirmed(&cache, &wallet, name, 6_000, now);
    assert_eq!(look(LEG).await, Confirmed::Lost);
    assert_eq!(look(OTHER).await, Confirmed::Lost);
    // Nor with a part of what the leg may have been promised before: it stays set aside.
    assert_eq!(confirmed(&cache, &wallet, LEG, 3_000, now).await, Confirmed::Lost);
    assert_eq!(look(OTHER).await, Confirmed::Lost);
    // One that goes on already counts all the same; and who is left has the money once the other has given it back.
    let goes_on = || cache.restore(wallet.wallet_id, LEG, money(6_000), "", now);
    assert_eq!(answered(goes_on).await, Confirmed::Held);
    let dropped = [Dropped { wallet_id: wallet.wallet_id, hold: LEG.to_owned() }];
    let paid = [WalletState { version: 2, ..wallet.clone() }];
    answered(|| cache.announce(&paid, &[], &dropped)).await;
    assert_eq!(look(OTHER).await, Confirmed::Held);
}

#[tokio::test]
async fn what_waits_on_a_disk_is_looked_for_once_the_queue_has_it() {
    let ground = Ground::new().await;
    let (cache, wallet) = (ground.cache(), wallet(1));
    let (id, now) = (wallet.wallet_id, OffsetDateTime::now_utc());
    let is_found = async || {
        let later = now + Duration::hours(1);
        let found = answered(|| cache.holds_not_seen_since(later, 10)).await;
        let dropped = answered(|| cache.drop_hold(id, LEG, later)).await;
        assert!(found.len() >= usize::from(dropped), "{found:?}");
        !found.is_empty()
    };
    load(&cache, &wallet).await;
    assert_eq!(taken(&cache, &wallet, LEG, 4_000).await, 4_000);
    let over = now + Duration::hours(4);
    confirmed(&cache, &wallet, LEG, 4_000, over).await;
    assert!(!is_found().await);
    // Whoever looks at it meanwhile: the leg asks again, is promised more, or the sweep has found it before.
    assert_eq!(taken(&cache, &wallet, LEG, 4_000).await, 4_000);
    assert!(!is_found().await, "asked again");
    confirmed(&cache, &wallet, LEG, 4_000, now).await;
    assert!(!is_found().await, "looked at again");
    answered(|| cache.restore(id, LEG, money(5_000), "", now)).await;
    assert!(!is_found().await, "grown");
    let hold = [(id, LEG.to_owned())];
    answered(|| cache.holds_seen(&hold, now)).await;
    assert!(!is_found().await, "seen by the sweep");
    answered(|| cache.holds_queued(&hold, now)).await;
    assert!(is_found().await, "known");
    assert!(!is_found().await, "dropped");
}

fn wallet(version: i64) -> WalletState {
    WalletState {
        wallet_id: Uuid::now_v7(),
        version,
        balance: money(10_000),
        seq: 1,
        status: "active".to_owned(),
        minimum_threshold: Money::ZERO,
    }
}

fn hold(name: &str, amount: i64) -> Hold {
    let (hold, purpose) = (name.to_owned(), String::new());
    Hold { hold, kind: Kind::Preflight, amount: money(amount), purpose }
}

async fn load(cache: &CreditCache, wallet: &WalletState) {
    load_with(cache, wallet, &[]).await;
}

async fn load_with(cache: &CreditCache, wallet: &WalletState, holds: &[Hold]) {
    let epoch = answered(|| cache.epoch()).await;
    answered(|| cache.load(&epoch, wallet, holds, OffsetDateTime::now_utc())).await;
}

async fn confirmed(
    cache: &CreditCache,
    wallet: &WalletState,
    hold: &str,
    amount: i64,
    at: OffsetDateTime,
) -> Confirmed {
    answered(|| cache.confirm(wallet.wallet_id, hold, money(amount), "", at)).await
}

/// What the cache answers in the end: a busy machine may let it be too late, and nothing here is done twice.
async fn answered<T, F>(ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, CreditError>>,
{
    wait_until(SOON, "the cache to answer", ask).await
}

/// How much a leg gets that wants so much, or what there is.
async fn taken(cache: &CreditCache, wallet: &WalletState, hold: &str, most: i64) -> i64 {
    let wanted = Wanted { least: money(1), ..Wanted::exactly(money(most)) };
    let (wallet_id, now) = (wallet.wallet_id, OffsetDateTime::now_utc());
    let ask = Ask { wallet_id, hold, kind: Kind::Preflight, purpose: "", wanted, now };
    match answered(|| cache.place(&ask)).await {
        Placed::New(taken) | Placed::Again(taken, _) => taken.amount.units(),
        refused @ (Placed::Refused(_) | Placed::NotLoaded) => panic!("{refused:?}"),
    }
}
