//! I8: every screen shows all of its wallet, in order, and nobody else's.

use std::collections::HashSet;

use anyhow::Result;
use uuid::Uuid;

use super::{Invariant, Violation, all};
use crate::faults::lab::Lab;
use crate::faults::screens::Screen;

impl Lab {
    pub(super) async fn screen_differences(&self) -> Result<Vec<Violation>> {
        let mut wrong = Vec::new();
        for screen in &self.screens {
            wrong.extend(self.differences_of(screen).await?);
        }
        Ok(all(Invariant::Shown, wrong))
    }

    async fn differences_of(&self, screen: &Screen) -> Result<Vec<String>> {
        let wallet: Uuid = screen.wallet;
        let (seq, balance): (i64, String) =
            sqlx::query_as("select seq, balance::text from wallets where id = $1")
                .bind(wallet)
                .fetch_one(self.stack.pool())
                .await?;
        let logs = "select external_call_id from call_logs where wallet_id = $1";
        let logs: Vec<String> =
            sqlx::query_scalar(logs).bind(wallet).fetch_all(self.stack.pool()).await?;
        let logs: HashSet<String> = logs.into_iter().collect();
        let shown = screen.shown();
        let mut wrong = shown.wrong.clone();
        if (shown.seq, &shown.balance) != (Some(seq), &balance) {
            let (at, has) = (shown.seq, &shown.balance);
            wrong.push(format!("{wallet} shows {has} at {at:?}, written {balance} at {seq}"));
        }
        let others = shown.calls.difference(&logs);
        wrong.extend(others.map(|call| format!("{wallet} shows {call}, which is not its own")));
        if !shown.asks_anew {
            let missed = logs.difference(&shown.calls);
            wrong.extend(missed.map(|call| format!("{wallet} does not show {call}")));
        }
        Ok(wrong)
    }
}
