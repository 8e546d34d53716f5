//! Secrets that change while ingest runs. The file's content is looked at again and again: its name may be a link that
//! is turned to another folder, as Kubernetes does it, which a watch on the file itself would never be told of.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use curbe_platform::config::Problem;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use sha2::{Digest, Sha256};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval_at};

use super::{Secrets, Source};
use crate::config::Config;

/// How long a removed secret is believed at most, once the file is there.
const INTERVAL: Duration = Duration::from_secs(1);

/// Reads the secrets: those in force, whenever one asks, and what keeps them true to the file until it is dropped.
///
/// # Errors
/// They cannot be used.
pub(crate) fn open(
    config: &Config,
) -> anyhow::Result<(Receiver<Arc<Secrets>>, impl Future<Output = ()> + use<>)> {
    describe_counter!(
        "curbe_provider_secrets_reloads_total",
        "Changes of the file of secrets, by whether they were taken or refused"
    );
    describe_gauge!(
        "curbe_provider_secrets_refused",
        "1 while the file of secrets is not in force as it is now, because it cannot be used"
    );
    let unusable = |problem: Problem| anyhow!("{} {}", problem.variable, problem.reason);
    let source = Arc::new(Source::new(config));
    let content = source.content().map_err(unusable)?;
    let secrets = source.secrets(content.as_deref()).map_err(unusable)?;
    let (in_force, secrets) = channel(Arc::new(secrets));
    let seen = content.map(digest);
    Ok((secrets, reload(source, seen, in_force)))
}

/// Looks at the file for ever. What cannot be used changes nothing.
async fn reload(source: Arc<Source>, seen: Option<[u8; 32]>, in_force: Sender<Arc<Secrets>>) {
    let Some(path) = source.file() else {
        return;
    };
    gauge!("curbe_provider_secrets_refused").set(0);
    let mut seen = Ok(seen);
    let mut timer = interval_at(Instant::now() + INTERVAL, INTERVAL);
    loop {
        timer.tick().await;
        let reading = Arc::clone(&source);
        // A disk may be slow, and requests must not wait for it.
        let Ok(read) = spawn_blocking(move || reading.content()).await else {
            continue;
        };
        let found = read.as_ref().map(|content| content.as_deref().map(digest));
        if found == seen.as_ref().copied() {
            continue;
        }
        seen = found.map_err(Clone::clone);
        let outcome = match read.and_then(|content| source.secrets(content.as_deref())) {
            Ok(changed) => {
                in_force.send_replace(Arc::new(changed));
                tracing::info!(path = %path.display(), "provider secrets changed");
                "taken"
            }
            Err(Problem { variable, reason }) => {
                tracing::error!(variable, reason, "provider secrets are left as they were");
                "refused"
            }
        };
        counter!("curbe_provider_secrets_reloads_total", "outcome" => outcome).increment(1);
        gauge!("curbe_provider_secrets_refused").set(u8::from(outcome == "refused"));
    }
}

fn digest(content: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(content.as_ref()).into()
}
