//! A wallet as it stands.

use curbe_domain::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, Store, money};

const ACTIVE: &str = "active";

/// A wallet at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wallet {
    /// What the ledger adds up to.
    pub(crate) balance: Money,
    /// What open holds take of it.
    pub(crate) held: Money,
    /// ISO 4217.
    pub(crate) currency: String,
    /// Below this balance no call starts.
    pub(crate) minimum_threshold: Money,
    /// `active` or `suspended`.
    pub(crate) status: String,
    /// Counts every update.
    pub(crate) version: i64,
    /// The highest number that a frame of it has.
    pub(crate) seq: i64,
    /// When it last changed.
    pub(crate) updated_at: OffsetDateTime,
}

impl Wallet {
    /// What is left for new calls. Differences of two amounts that fit always fit for a browser: should one not, the
    /// balance is shown as it is.
    pub(crate) fn available(&self) -> Money {
        self.balance.checked_sub(self.held).unwrap_or(self.balance)
    }

    /// Whether it may be used.
    pub(crate) fn is_active(&self) -> bool {
        self.status == ACTIVE
    }

    /// Whether a call may start: the balance itself must reach the threshold.
    pub(crate) fn can_call(&self) -> bool {
        self.is_active() && self.balance >= self.minimum_threshold
    }
}

impl Store {
    /// The wallet, if there is one. A leg that was asked about twice has a row for each, and holds once.
    pub(crate) async fn wallet(&self, wallet_id: Uuid) -> Result<Option<Wallet>, Error> {
        let row = sqlx::query!(
            r#"select w.balance, w.currency, w.minimum_threshold, w.status, w.version, w.seq, w.updated_at,
                      coalesce((
                          select sum(amount) from (
                              select max(amount) as amount from authorizations
                              where wallet_id = w.id and status = 'authorized' group by hold
                          ) holds
                      ), 0) as "held!"
               from wallets w where w.id = $1"#,
            wallet_id
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Wallet {
            balance: money(row.balance)?,
            held: money(row.held)?,
            currency: row.currency,
            minimum_threshold: money(row.minimum_threshold)?,
            status: row.status,
            version: row.version,
            seq: row.seq,
            updated_at: row.updated_at,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet(balance: &str, status: &str) -> Wallet {
        Wallet {
            balance: balance.parse().unwrap(),
            held: "0.5".parse().unwrap(),
            currency: "USD".to_owned(),
            minimum_threshold: "1".parse().unwrap(),
            status: status.to_owned(),
            version: 1,
            seq: 1,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_call_may_start_from_the_threshold_on() {
        for (balance, status, expected) in [
            ("1.0000", "active", true),
            ("0.9999", "active", false),
            ("-1", "active", false),
            ("50", "suspended", false),
        ] {
            assert_eq!(wallet(balance, status).can_call(), expected, "{balance} {status}");
        }
        assert_eq!(wallet("1", "active").available().to_string(), "0.5000");
    }
}
