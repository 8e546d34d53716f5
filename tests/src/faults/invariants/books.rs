//! The books against the oracle, against themselves, and against `curbe audit`.

use anyhow::Result;

use super::{Invariant, Violation, all};
use crate::faults::lab::Lab;
use crate::faults::price_list::rates;
use crate::oracle::contradictions::{Contradiction, contradictions};
use crate::oracle::found::{self, Wrong};
use crate::oracle::{books, text};

impl Lab {
    /// I2, I3, I4, I5, I10.
    pub(super) async fn legs_are_as_expected(&self) -> Result<Vec<Violation>> {
        let found = found::legs(self.stack.pool()).await?;
        let legs = self.history().legs(&found);
        let expected = books(&rates(), &legs);
        let differences = found::differences(&found, &legs, &expected);
        let mut violations: Vec<Violation> = differences
            .into_iter()
            .map(|(leg, wrong)| Violation {
                invariant: meaning(&wrong),
                words: format!("{leg}: {wrong}"),
            })
            .collect();
        for organization in self.organizations() {
            let is: String = sqlx::query_scalar("select balance::text from wallets where id = $1")
                .bind(organization.wallet)
                .fetch_one(self.stack.pool())
                .await?;
            let spent = expected.wallets.get(&organization.wallet).copied().unwrap_or_default();
            let should = text(self.paid_in(organization) - spent);
            let words = format!("the balance of {} is {is}, not {should}", organization.name);
            violations.extend(all(Invariant::Oracle, (is != should).then_some(words)));
        }
        Ok(violations)
    }

    /// I1, I2, I5.
    pub(super) async fn contradictions(&self) -> Result<Vec<Violation>> {
        let found = contradictions(self.stack.pool()).await?;
        let violations = found.into_iter().map(|(what, rows)| {
            let invariant = match what {
                Contradiction::Balance | Contradiction::Chain | Contradiction::Numbers => {
                    Invariant::Sums
                }
                Contradiction::Leg => Invariant::Once,
                Contradiction::Amount => Invariant::Sane,
            };
            Violation { invariant, words: format!("{what}: {rows:?}") }
        });
        Ok(violations.collect())
    }

    pub(super) async fn audit(&self) -> Result<Vec<Violation>> {
        let audit = self.stack.curbe(&["audit"]).await?;
        let words = String::from_utf8_lossy(&audit.stdout).into_owned();
        Ok(all(Invariant::Audited, (!audit.status.success()).then_some(words)))
    }

    /// I3, I6: everything that cannot be charged, nothing else, and nothing that was forged.
    pub(super) async fn dead_letters_are_as_expected(&self) -> Result<Vec<Violation>> {
        let pool = self.stack.pool();
        let letters = "select leg, reason from dead_letters order by leg, reason";
        let mut found: Vec<(Option<String>, String)> =
            sqlx::query_as(letters).fetch_all(pool).await?;
        let (expected, forged) = {
            let history = self.history();
            (history.told.unusable.clone(), history.told.forged.clone())
        };
        let mut missing = Vec::new();
        for (leg, why) in expected {
            let its = (Some(leg), why.as_str().to_owned());
            match found.iter().position(|letter| *letter == its) {
                Some(at) => drop(found.swap_remove(at)),
                None => missing.push(format!("no dead letter {its:?}")),
            }
        }
        let mut violations = all(Invariant::Kept, missing);
        let words = found.iter().map(|letter| format!("dead letter {letter:?}"));
        violations.extend(all(Invariant::Done, words));
        let known = "select leg from call_legs where leg = any($1)";
        let known: Vec<String> = sqlx::query_scalar(known).bind(&forged).fetch_all(pool).await?;
        let words = known.iter().map(|leg| format!("{leg} was forged"));
        violations.extend(all(Invariant::Once, words));
        Ok(violations)
    }
}

fn meaning(wrong: &Wrong) -> Invariant {
    match wrong {
        Wrong::Times(0) => Invariant::Kept,
        Wrong::Settled { is, .. } if is == "not settled" => Invariant::Kept,
        Wrong::Times(_) | Wrong::Unknown => Invariant::Once,
        Wrong::Wallet => Invariant::Sane,
        Wrong::Settled { .. } => Invariant::Oracle,
        Wrong::Recording { .. } => Invariant::Recorded,
    }
}
