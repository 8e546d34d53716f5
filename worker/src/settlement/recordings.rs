//! Recordings of calls that are logged already. A recording that comes first waits in its leg's row.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::{LegKey, RecordingStatus};
use time::OffsetDateTime;
use uuid::Uuid;

use super::pricing::is_final;
use crate::store::call_legs::LegRow;
use crate::store::{self, Tx, call_logs};

/// Brings what the legs know of their recordings into their call logs. The first `completed` or `failed` takes the
/// wallet's next number, once; everything else shows in REST only. Returns how many logs changed.
pub(super) async fn attach(
    tx: &mut Tx,
    keys: &[LegKey],
    legs: &[LegRow],
    now: OffsetDateTime,
) -> Result<usize, sqlx::Error> {
    let recordings: HashMap<&LegKey, _> = legs
        .iter()
        .filter(|row| keys.contains(&row.facts.key))
        .filter_map(|row| Some((&row.facts.key, row.facts.recording.as_ref()?)))
        .collect();
    if recordings.is_empty() {
        return Ok(0);
    }
    let recorded: Vec<LegKey> = recordings.keys().map(|key| (*key).clone()).collect();
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
        let found = recordings.iter().find(|(key, _)| {
            key.leg == call.view.external_call_id && key.provider.as_str() == call.view.provider
        });
        let (Some((_, recording)), Some(account)) = (found, accounts.get_mut(&call.wallet_id))
        else {
            continue;
        };
        let logged = RecordingStatus::parse(&call.view.recording_status);
        if logged == Some(recording.status) && call.view.recording_url == recording.url {
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
