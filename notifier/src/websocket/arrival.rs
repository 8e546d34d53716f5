//! How a socket comes in: it says who it is, takes its place in the wallet's room, is told how the wallet stands, and then
//! what it missed.

use std::time::Duration;

use metrics::counter;
use tokio::time::timeout;
use uuid::Uuid;

use super::BATCH;
use super::close::Close;
use super::from_browser::FromBrowser;
use super::protocol::{Standing, ToBrowser};
use super::wire::Wire;
use crate::app::App;
use crate::auth::{Refusal, Token};
use crate::fanout::{BEHIND_MAX, Missed, Place, Refused, Viewer};
use crate::measures;
use crate::store::{Caller, Store, Wallet};

const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Postgres and Redis may take until there is a welcome.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a welcome socket waits for what it missed, as thousands may have come with it. A browser that hears nothing
/// for two heartbeats of 15 s gives up.
const MISSED_TIMEOUT: Duration = Duration::from_secs(30);

/// Who it says that it is, and how far it had come.
pub(super) struct Hello {
    pub(super) token: Token,
    pub(super) since: Option<i64>,
}

/// A place, and the number that everything up to has been written.
pub(super) struct Arrived {
    pub(super) place: Place,
    pub(super) seq: i64,
}

/// Waits for the first message.
pub(super) async fn hello(app: &App, wire: &mut Wire) -> Result<Hello, Close> {
    let said = timeout(HELLO_TIMEOUT, first_message(wire)).await;
    match said.map_err(|_| Close::HelloTimeout)?? {
        FromBrowser::Hello { token, since } => Ok(Hello { token: verified(app, &token)?, since }),
        FromBrowser::Refresh { .. } | FromBrowser::Unknown => Err(Close::Protocol),
    }
}

async fn first_message(wire: &mut Wire) -> Result<FromBrowser, Close> {
    loop {
        if let Some(message) = wire.receive().await? {
            return Ok(message);
        }
    }
}

/// What a token says.
pub(super) fn verified(app: &App, token: &str) -> Result<Token, Close> {
    app.verifier.verify(token).map_err(|refusal| match refusal {
        Refusal::Expired | Refusal::Invalid => Close::Unauthorized,
    })
}

/// Who a user is now.
pub(super) async fn known(store: &Store, user_id: Uuid) -> Result<Caller, Close> {
    let reading = async {
        let _leave = store.in_background().await;
        store.caller(user_id).await
    };
    match timeout(READ_TIMEOUT, reading).await.map_err(|_| Close::Unavailable)? {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => Err(Close::Unauthorized),
        Err(error) => {
            tracing::warn!(%error, "a socket's user cannot be read");
            Err(Close::Unavailable)
        }
    }
}

/// Takes a place, says how the wallet stands, and tells what came after `since`.
pub(super) async fn arrive(
    app: &App,
    wire: &mut Wire,
    caller: &Caller,
    since: Option<i64>,
) -> Result<Arrived, Close> {
    let mut entered = enter(app, caller, since.is_some()).await?;
    let seq = entered.wallet.seq;
    let resumed = since.filter(|since| can_resume(*since, seq));
    let welcome = ToBrowser::Welcome {
        seq,
        resumed: resumed.is_some(),
        heartbeat_seconds: app.sockets.heartbeat.as_secs(),
        data: Standing::from(&entered.wallet),
    };
    wire.say(&welcome).await?;
    tracing::debug!(user = %caller.user_id, seq, since, "socket welcomed");
    if since.is_some() {
        let resumed = resumed.is_some().to_string();
        counter!(measures::RESUMES, "resumed" => resumed).increment(1);
    }
    if let Some(since) = resumed {
        entered = catch_up(app, wire, caller, entered, since).await?;
    }
    entered.place.caught_up();
    Ok(Arrived { place: entered.place, seq: entered.wallet.seq })
}

/// Tells everything after `since`. Should more come meanwhile than its queue holds, that is read back as well.
async fn catch_up(
    app: &App,
    wire: &mut Wire,
    caller: &Caller,
    mut entered: Entered,
    since: i64,
) -> Result<Entered, Close> {
    tell_missed(wire, &entered, since).await?;
    while entered.place.overflowed.is_cancelled() {
        let after = entered.wallet.seq;
        drop(entered);
        entered = enter(app, caller, true).await?;
        tell_missed(wire, &entered, after).await?;
    }
    Ok(entered)
}

/// Whether everything after `since` can be told one by one.
fn can_resume(since: i64, seq: i64) -> bool {
    (0..=seq).contains(&since) && seq - since <= BEHIND_MAX
}

struct Entered {
    place: Place,
    missed: Missed,
    wallet: Wallet,
}

async fn enter(app: &App, caller: &Caller, is_behind: bool) -> Result<Entered, Close> {
    let wallet_id = caller.wallet_id.ok_or(Close::NoWallet)?;
    let joining = async {
        let joined = app.rooms.join(wallet_id, Viewer::from(caller), is_behind).await;
        let (mut place, missed) = joined.map_err(|refused| match refused {
            Refused::TooMany => Close::TooMany,
            Refused::Ending => Close::Draining,
        })?;
        let wallet = (&mut place.snapshot).await.map_err(|_| Close::Unavailable)?;
        Ok(Entered { place, missed, wallet })
    };
    timeout(READ_TIMEOUT, joining).await.map_err(|_| Close::Unavailable)?
}

/// Writes what was missed up to the snapshot, as fast as the browser reads and no faster than it is read from Postgres.
async fn tell_missed(wire: &mut Wire, entered: &Entered, since: i64) -> Result<(), Close> {
    let mut after = since;
    while after < entered.wallet.seq {
        let reading = entered.missed.read(after, entered.wallet.seq);
        let (missed, reached) =
            timeout(MISSED_TIMEOUT, reading).await.map_err(|_| Close::Unavailable)?;
        counter!(measures::FRAMES_REPLAYED).increment(missed.len() as u64);
        for batch in missed.chunks(BATCH) {
            wire.send(batch).await?;
        }
        after = reached;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_resumes_from_numbers_that_were_and_not_from_too_long_ago() {
        for (since, seq, expected) in [
            (57, 57, true),
            (0, 57, true),
            (0, 0, true),
            (58, 57, false),
            (i64::MAX, 57, false),
            (-1, 57, false),
            (i64::MIN, i64::MAX, false),
            (0, BEHIND_MAX, true),
            (0, BEHIND_MAX + 1, false),
        ] {
            assert_eq!(can_resume(since, seq), expected, "{since} {seq}");
        }
    }
}
