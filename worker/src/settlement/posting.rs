//! From what is due to rows: wallets locked, prices found, logs, ledger rows and balances written.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::LegKey;
use curbe_domain::legs::duration::Basis;
use curbe_domain::rating::deck::Decks;
use curbe_platform::credit::Dropped;
use curbe_platform::kill_point;
use uuid::Uuid;

use super::correction::{self, Corrected, Correction};
use super::pricing::{self, Charged, Due};
use super::{Settlement, announce};
use crate::dead_letters::{Reason, Refusal};
use crate::ledger::{Account, Posting};
use crate::store::call_legs::{Settled, SettledAs};
use crate::store::call_logs::AppliedRate;
use crate::store::corrections::Paid;
use crate::store::{self, call_logs};

/// What is to be written for the legs of one batch.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Legs to be charged, or logged as free.
    pub(super) due: Vec<Due>,
    /// Legs that another one is charged for.
    pub(super) covered: Vec<(LegKey, Settled)>,
    /// Legs that another one was to be charged for, and is not.
    pub(super) reopened: Vec<LegKey>,
    /// Settled legs of which more is known now, with what is needed to rate those that were free.
    pub(super) corrections: Vec<(Correction, Option<Due>)>,
}

impl Settlement<'_> {
    /// Locks the wallets, prices under the lock, and writes logs, ledger rows, balances and what the legs were settled
    /// as. Returns what was refused.
    pub(super) async fn charge(
        &mut self,
        work: Work,
    ) -> Result<Vec<(LegKey, Refusal)>, sqlx::Error> {
        let Work { due, covered, corrections, reopened } = work;
        if !reopened.is_empty() {
            store::call_legs::reopen(self.tx, &reopened).await?;
        }
        let mut marked = covered;
        let mut refused = Vec::new();
        let keys: Vec<LegKey> = due
            .iter()
            .map(|due| &due.bill.key)
            .chain(marked.iter().map(|(key, _)| key))
            .cloned()
            .collect();
        let holding = store::authorizations::wallets_of_legs(self.tx, &keys).await?;
        if !due.is_empty() || !corrections.is_empty() || !holding.is_empty() {
            let corrected: Vec<LegKey> = corrections.iter().map(|(c, _)| c.key.clone()).collect();
            let paid = store::corrections::paid(self.tx, &corrected).await?;
            let mut accounts = self.accounts(&due, &paid, &holding).await?;
            let (due, logged) = self.without_logged(due).await?;
            marked.extend(logged);
            let starts = corrections.iter().filter_map(|(_, due)| due.as_ref()).chain(&due);
            let earliest = starts.map(|due| due.bill.ended.started_at()).min().unwrap_or(self.now);
            let decks = self.rates.current(self.tx, earliest).await?;
            let mut written = Written::default();
            for (due, outcome) in pricing::charge(due, &decks, &mut accounts, &mut Uuid::now_v7) {
                match outcome {
                    Ok(call) => written.charged.push(call),
                    Err(refusal) => refused.push((due.bill.key, refusal)),
                }
            }
            marked.extend(written.charged.iter().map(|call| (call.key(), call.settled())));
            for (correction, due) in corrections {
                match corrected_by(&correction, due.as_ref(), &paid, &decks, &mut accounts) {
                    Ok(corrected) => {
                        written.corrections.extend(corrected.posting);
                        written.receipts.extend(corrected.receipt);
                        marked.push((correction.key, correction.settled));
                    }
                    Err(refusal) => refused.push((correction.key, refusal)),
                }
            }
            let settled: Vec<LegKey> = marked.iter().map(|(key, _)| key.clone()).collect();
            written.dropped = store::authorizations::settle(self.tx, &settled, self.now).await?;
            self.write(&written, accounts).await?;
        }
        if !marked.is_empty() {
            store::call_legs::mark_settled(self.tx, &marked, self.now).await?;
            self.settled.steps.settled(&marked);
        }
        Ok(refused)
    }

    /// Every wallet that may move is locked at once, by id.
    async fn accounts(
        &mut self,
        due: &[Due],
        paid: &[Paid],
        holding: &[Uuid],
    ) -> Result<HashMap<Uuid, Account>, sqlx::Error> {
        let wallets: HashSet<Uuid> = due
            .iter()
            .map(|due| due.wallet_id)
            .chain(paid.iter().map(|paid| paid.wallet_id))
            .chain(self.recorded_wallets.clone())
            .chain(holding.iter().copied())
            .collect();
        let wallets: Vec<Uuid> = wallets.into_iter().collect();
        let locked = store::wallets::lock(self.tx, &wallets).await?;
        kill_point!("locked");
        Ok(locked.into_iter().map(|account| (account.wallet_id, account)).collect())
    }

    /// A leg whose row was lost and made anew may have its log still: then it was settled, and is announced again.
    async fn without_logged(
        &mut self,
        due: Vec<Due>,
    ) -> Result<(Vec<Due>, Vec<(LegKey, Settled)>), sqlx::Error> {
        let keys: Vec<LegKey> = due.iter().map(|due| due.bill.key.clone()).collect();
        let logged = call_logs::of_legs(self.tx, &keys).await?;
        self.settled.announcement.notices.extend(logged.iter().flat_map(announce::repeated));
        let was: HashMap<LegKey, Settled> = logged
            .iter()
            .map(|call| {
                let settled_as = call.charge.map_or(SettledAs::Free, |_| SettledAs::Charged);
                let seconds = u32::try_from(call.view.duration_seconds).unwrap_or_default();
                let settled = Settled { settled_as, seconds, basis: Basis::Stated };
                (LegKey::of_view(&call.view), settled)
            })
            .collect();
        let fresh = due.into_iter().filter(|due| !was.contains_key(&due.bill.key)).collect();
        Ok((fresh, was.into_iter().collect()))
    }

    async fn write(
        &mut self,
        written: &Written,
        accounts: HashMap<Uuid, Account>,
    ) -> Result<(), sqlx::Error> {
        let Written { charged, corrections, receipts, dropped } = written;
        let logs: Vec<_> = charged.iter().map(|call| call.log.clone()).collect();
        let postings: Vec<_> = charged
            .iter()
            .filter_map(|call| call.posting.clone())
            .chain(corrections.clone())
            .collect();
        let touched: HashSet<Uuid> = logs
            .iter()
            .map(|log| log.wallet_id)
            .chain(corrections.iter().map(|posting| posting.wallet_id))
            // A hold that is over is news of its wallet, whoever is reading it at this moment.
            .chain(dropped.iter().map(|over| over.wallet_id))
            .collect();
        let mut moved: Vec<_> =
            accounts.into_values().filter(|account| touched.contains(&account.wallet_id)).collect();
        moved.sort_by_key(|account| account.wallet_id);
        for account in &mut moved {
            account.version += 1;
        }
        let new = call_logs::insert(self.tx, &logs).await?;
        if new != logs.len() as u64 {
            // Looked for under the same locks; whoever got past them is looked for again at the next try.
            return Err(sqlx::Error::Protocol(
                "a call was logged by somebody else meanwhile".to_owned(),
            ));
        }
        store::corrections::write_receipts(self.tx, receipts).await?;
        store::wallet_transactions::insert(self.tx, &postings, self.now).await?;
        store::wallets::update(self.tx, &moved, self.now).await?;
        kill_point!("debited");

        let moved_by_id: HashMap<Uuid, &Account> =
            moved.iter().map(|account| (account.wallet_id, account)).collect();
        for call in charged {
            let account = moved_by_id.get(&call.log.wallet_id);
            let organization = account.map(|account| account.organization_id).unwrap_or_default();
            self.settled.announcement.notices.extend(announce::charged(call, organization));
            self.settled.steps.charged(call);
        }
        for posting in corrections {
            let account = moved_by_id.get(&posting.wallet_id);
            self.settled.announcement.notices.extend(account.map(|account| {
                announce::posted(posting, account.organization_id, &account.currency)
            }));
            self.settled.steps.corrected(posting);
        }
        self.settled.announcement.wallets.extend(moved.iter().map(Account::state));
        self.settled.announcement.dropped.extend(dropped.iter().cloned());
        let freed: HashSet<Uuid> = dropped.iter().map(|over| over.wallet_id).collect();
        self.announce_held(&freed.into_iter().collect::<Vec<_>>()).await?;
        Ok(())
    }
}

/// What was priced and posted, to be written together.
#[derive(Debug, Default)]
struct Written {
    charged: Vec<Charged>,
    corrections: Vec<Posting>,
    receipts: Vec<(Uuid, AppliedRate)>,
    dropped: Vec<Dropped>,
}

fn corrected_by(
    correction: &Correction,
    due: Option<&Due>,
    paid: &[Paid],
    decks: &Decks,
    accounts: &mut HashMap<Uuid, Account>,
) -> Result<Corrected, Refusal> {
    let gone = || Refusal::new(Reason::NoWallet, "the call log or the wallet is gone");
    let paid = paid.iter().find(|paid| paid.key == correction.key).ok_or_else(gone)?;
    let account = accounts.get_mut(&paid.wallet_id).ok_or_else(gone)?;
    correction::post(correction, paid, due, decks, account, &mut Uuid::now_v7)
}
