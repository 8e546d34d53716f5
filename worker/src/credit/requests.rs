//! Requests of ingest: what pre-flight lacks is brought in at once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use async_nats::Client;
use curbe_domain::json::misread;
use curbe_platform::queue::load::{LoadRequest, QUEUE_GROUP, SUBJECT};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::Keeper;

/// Wallets brought in at the same time; Postgres has other things to do.
const AT_ONCE: usize = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// Answers for ever.
pub(super) async fn answer(keeper: &Keeper, client: Client) {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        match client.queue_subscribe(SUBJECT, QUEUE_GROUP.to_owned()).await {
            Ok(mut requests) => {
                while let Some(request) = requests.next().await {
                    let Ok(slot) = Arc::clone(&free).acquire_owned().await else { return };
                    let (keeper, client) = (keeper.clone(), client.clone());
                    tokio::spawn(async move {
                        let _slot = slot;
                        let outcome = serve(&keeper, &request.payload).await;
                        let words = outcome.err().map(|error| format!("{error:#}"));
                        if let Some(reply) = request.reply {
                            // Whoever asked may have given up.
                            client.publish(reply, words.unwrap_or_default().into()).await.ok();
                        }
                    });
                }
            }
            Err(error) => tracing::warn!(dependency = "nats", %error, "requests are not heard"),
        }
        sleep(PAUSE).await;
    }
}

async fn serve(keeper: &Keeper, payload: &[u8]) -> anyhow::Result<()> {
    let request: LoadRequest =
        serde_json::from_slice(payload).map_err(|error| anyhow!(misread(&error)))?;
    keeper.bring_up_to_date().await?;
    match request.wallet_id {
        Some(wallet_id) => keeper.load(wallet_id).await,
        None => Ok(()),
    }
}
