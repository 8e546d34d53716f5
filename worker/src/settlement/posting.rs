//! From what is due to rows: wallets locked, prices found, logs, ledger rows and balances written.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::LegKey;
use uuid::Uuid;

use super::pricing::{self, Charged, Due};
use super::{Settlement, announce};
use crate::dead_letters::Refusal;
use crate::ledger::Account;
use crate::store::call_legs::SettledAs;
use crate::store::{self, call_logs};

impl Settlement<'_> {
    /// Locks the wallets, prices under the lock, and writes logs, ledger rows, balances and what the legs were settled
    /// as. Returns what was refused.
    pub(super) async fn charge(
        &mut self,
        due: Vec<Due>,
        covered: Vec<LegKey>,
    ) -> Result<Vec<(LegKey, Refusal)>, sqlx::Error> {
        let mut settled_as: Vec<(LegKey, SettledAs)> =
            covered.into_iter().map(|key| (key, SettledAs::Covered)).collect();
        let mut refused = Vec::new();
        if !due.is_empty() {
            let wallets: HashSet<Uuid> =
                due.iter().map(|due| due.wallet_id).chain(self.recorded_wallets.clone()).collect();
            let wallets: Vec<Uuid> = wallets.into_iter().collect();
            let locked = store::wallets::lock(self.tx, &wallets).await?;
            let mut accounts: HashMap<Uuid, _> =
                locked.into_iter().map(|account| (account.wallet_id, account)).collect();
            let (due, logged) = self.without_logged(due).await?;
            settled_as.extend(logged);
            let earliest = due.iter().map(|due| due.bill.started_at()).min().unwrap_or(self.now);
            let decks = self.rates.current(self.tx, earliest).await?;
            let mut charged = Vec::new();
            for (due, outcome) in pricing::charge(due, &decks, &mut accounts, &mut Uuid::now_v7) {
                match outcome {
                    Ok(call) => charged.push(call),
                    Err(refusal) => refused.push((due.bill.key, refusal)),
                }
            }
            settled_as.extend(charged.iter().map(|call| (call.key(), call.settled_as())));
            self.write(&charged, accounts).await?;
        }
        if !settled_as.is_empty() {
            store::call_legs::mark_settled(self.tx, &settled_as, self.now).await?;
            self.settled.steps.settled(&settled_as);
        }
        Ok(refused)
    }

    /// A leg whose row was lost and made anew may have its log still: then it was settled, and is announced again.
    async fn without_logged(
        &mut self,
        due: Vec<Due>,
    ) -> Result<(Vec<Due>, Vec<(LegKey, SettledAs)>), sqlx::Error> {
        let keys: Vec<LegKey> = due.iter().map(|due| due.bill.key.clone()).collect();
        let logged = call_logs::of_legs(self.tx, &keys).await?;
        self.settled.announcement.notices.extend(logged.iter().flat_map(announce::repeated));
        let was: HashMap<LegKey, SettledAs> = logged
            .iter()
            .map(|call| {
                let settled_as = call.charge.map_or(SettledAs::Free, |_| SettledAs::Charged);
                (LegKey::of_view(&call.view), settled_as)
            })
            .collect();
        let fresh = due.into_iter().filter(|due| !was.contains_key(&due.bill.key)).collect();
        Ok((fresh, was.into_iter().collect()))
    }

    async fn write(
        &mut self,
        charged: &[Charged],
        accounts: HashMap<Uuid, Account>,
    ) -> Result<(), sqlx::Error> {
        let logs: Vec<_> = charged.iter().map(|call| call.log.clone()).collect();
        let postings: Vec<_> = charged.iter().filter_map(|call| call.posting.clone()).collect();
        let touched: HashSet<Uuid> = logs.iter().map(|log| log.wallet_id).collect();
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
        store::wallet_transactions::insert(self.tx, &postings, self.now).await?;
        store::wallets::update(self.tx, &moved, self.now).await?;

        let organizations: HashMap<Uuid, Uuid> =
            moved.iter().map(|account| (account.wallet_id, account.organization_id)).collect();
        for call in charged {
            let organization = organizations.get(&call.log.wallet_id).copied().unwrap_or_default();
            self.settled.announcement.notices.extend(announce::charged(call, organization));
            self.settled.steps.charged(call);
        }
        self.settled.announcement.wallets.extend(moved.iter().map(Account::state));
        Ok(())
    }
}
