//! What a user may see can be taken from him while his socket is open, and nobody tells the notifier: it looks again.

use std::time::Duration;

use rand::RngExt as _;
use tokio::time::sleep;

use super::arrival::known;
use super::close::Close;
use crate::app::App;
use crate::store::Caller;

/// A socket that is quick to tell how far it has come looks as many heartbeats later again, and each within this.
const LOOK_HEARTBEATS: u32 = 4;
const LOOK_MAX: Duration = Duration::from_mins(1);

/// Waits until the user is no longer who he was. Dropping the future loses nothing.
///
/// # Errors
/// There is no such user any more.
pub(super) async fn changed(app: &App, caller: Caller) -> Result<Caller, Close> {
    loop {
        sleep(pause(app.sockets.heartbeat)).await;
        // A task of its own: what it holds of Postgres is not kept while this socket waits for its browser.
        let store = app.store.clone();
        let looking = tokio::spawn(async move { known(&store, caller.user_id).await });
        match looking.await {
            Ok(Ok(now)) if now == caller => {}
            // Sockets wait out an outage; nothing new is charged or told meanwhile.
            Ok(Err(Close::Unavailable)) | Err(_) => {}
            Ok(found) => return found,
        }
    }
}

/// A random one: sockets that came at one instant do not ask at one instant.
fn pause(heartbeat: Duration) -> Duration {
    let longest = (heartbeat * LOOK_HEARTBEATS).min(LOOK_MAX);
    rand::rng().random_range(longest / 2..=longest)
}
