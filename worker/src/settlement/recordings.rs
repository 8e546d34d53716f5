//! Recordings of calls that are logged already. A recording that comes first waits in its leg's row.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::{LegKey, Recording, RecordingStatus, merge};
use time::OffsetDateTime;
use uuid::Uuid;

use super::pricing::is_final;
use crate::store::{self, Tx, call_logs};

/// Brings what is known of recordings into the call logs of these legs. The first `completed` or `failed` takes the
/// wallet's next number, once; everything else shows in REST only. Returns how many logs changed.
pub(super) async fn attach(
    tx: &mut Tx,
    recordings: &[(LegKey, Recording)],
    now: OffsetDateTime,
) -> Result<usize, sqlx::Error> {
    if recordings.is_empty() {
        return Ok(0);
    }
    let recorded: Vec<LegKey> = recordings.iter().map(|(key, _)| key.clone()).collect();
    let wallets: Vec<Uuid> =
        call_logs::of_legs(tx, &recorded).await?.iter().map(|call| call.wallet_id).collect();
    let mut accounts: HashMap<Uuid, _> = store::wallets::lock(tx, &wallets)
        .await?
        .into_iter()
        .map(|account| (account.wallet_id, account))
        .collect();

    // Read again under the lock: numbers are given out once.
    let mut changed = Vec::new();
    let mut numbered = HashSet::new();
    for mut call in call_logs::of_legs(tx, &recorded).await? {
        let key = LegKey::of_view(&call.view);
        let told = recordings.iter().filter(|(recorded, _)| *recorded == key);
        let furthest = told.map(|(_, recording)| recording).reduce(furthest);
        let (Some(recording), Some(account)) = (furthest, accounts.get_mut(&call.wallet_id)) else {
            continue;
        };
        if !is_news(&call.view.recording_status, recording.status) {
            continue;
        }
        if call.recording_seq.is_none() && is_final(recording.status) {
            call.recording_seq = Some(account.next_seq());
            numbered.insert(account.wallet_id);
        }
        recording.status.as_str().clone_into(&mut call.view.recording_status);
        call.view.recording_url.clone_from(&recording.url);
        changed.push(call);
    }
    if !changed.is_empty() {
        call_logs::update_recordings(tx, &changed).await?;
        let mut numbered: Vec<_> = numbered.iter().filter_map(|id| accounts.remove(id)).collect();
        for account in &mut numbered {
            account.version += 1;
        }
        store::wallets::update(tx, &numbered, now).await?;
    }
    Ok(changed.len())
}

/// A call of several legs has one recording: that which has come furthest.
pub(super) fn furthest<'r>(known: &'r Recording, other: &'r Recording) -> &'r Recording {
    if merge::is_further(known.status, other.status) { other } else { known }
}

/// Whether a log that says `logged` is to say more. `none` is also what a log says that has heard of no recording yet.
fn is_news(logged: &str, told: RecordingStatus) -> bool {
    match RecordingStatus::parse(logged) {
        None | Some(RecordingStatus::None) => told != RecordingStatus::None,
        Some(logged) => merge::is_further(logged, told),
    }
}
