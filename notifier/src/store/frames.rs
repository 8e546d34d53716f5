//! Frames, built again from the rows that they told of: what Redis forgot, Postgres still has.

use curbe_domain::frames::{BalanceUpdated, Frame, NewCallLog, RecordingReady};
use uuid::Uuid;

use super::log_row::select_logs;
use super::{Error, Store, money};

/// Which numbers of which wallet: those above `after`, up to `upto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The wallet.
    pub(crate) wallet_id: Uuid,
    /// The number before the first one.
    pub(crate) after: i64,
    /// The last one.
    pub(crate) upto: i64,
}

/// A frame and whose call it tells of; nobody's where it tells of none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addressed {
    /// The user.
    pub(crate) user_id: Option<Uuid>,
    /// As he may see it.
    pub(crate) frame: Frame,
}

impl Store {
    /// Every frame of the span, in order. Three statements see the same rows: numbers up to a number that is known
    /// were all committed before, and none is ever given back.
    pub(crate) async fn frames(&self, span: Span) -> Result<Vec<Addressed>, Error> {
        let mut frames = self.balances(span).await?;
        frames.extend(self.logs(span).await?);
        frames.extend(self.recordings(span).await?);
        frames.sort_unstable_by_key(|addressed| addressed.frame.seq());
        let numbers = frames.iter().map(|addressed| addressed.frame.seq());
        if numbers.eq(span.after + 1..=span.upto) {
            Ok(frames)
        } else {
            Err(Error::Incomplete { after: span.after, upto: span.upto })
        }
    }

    async fn balances(&self, span: Span) -> Result<Vec<Addressed>, Error> {
        let rows = sqlx::query!(
            r#"select t.seq, t.amount, t.balance_after, t.type = 'call_charge' as "is_charge!", w.currency,
                      c.user_id as "user_id?"
               from wallet_transactions t
               join wallets w on w.id = t.wallet_id
               left join call_logs c on c.id = t.reference_id
               where t.wallet_id = $1 and t.seq > $2 and t.seq <= $3"#,
            span.wallet_id,
            span.after,
            span.upto
        )
        .fetch_all(&self.pool)
        .await?;
        let addressed = rows.into_iter().map(|row| {
            let cost = money(row.amount)?.negated();
            let data = BalanceUpdated {
                new_balance: money(row.balance_after)?,
                last_call_cost: row.is_charge.then_some(cost),
                currency: row.currency,
            };
            Ok(Addressed {
                user_id: row.user_id,
                frame: Frame::BalanceUpdated { seq: row.seq, data },
            })
        });
        addressed.collect()
    }

    async fn logs(&self, span: Span) -> Result<Vec<Addressed>, Error> {
        let rows = select_logs!(
            "where wallet_id = $1 and seq > $2 and seq <= $3",
            span.wallet_id,
            span.after,
            span.upto
        );
        let rows = rows.fetch_all(&self.pool).await?.into_iter();
        let addressed = rows.map(|row| {
            let seq = row.seq;
            let log_data = row.into_view()?;
            let user_id = Some(log_data.user_id);
            Ok(Addressed {
                user_id,
                frame: Frame::NewCallLog { seq, data: Box::new(NewCallLog { log_data }) },
            })
        });
        addressed.collect()
    }

    async fn recordings(&self, span: Span) -> Result<Vec<Addressed>, Error> {
        let rows = sqlx::query!(
            r#"select id, user_id, recording_seq as "recording_seq!", recording_url,
                      recording_status::text as "recording_status!"
               from call_logs where wallet_id = $1 and recording_seq > $2 and recording_seq <= $3"#,
            span.wallet_id,
            span.after,
            span.upto
        )
        .fetch_all(&self.pool)
        .await?;
        let addressed = rows.into_iter().map(|row| {
            let data = RecordingReady {
                call_log_id: row.id,
                recording_url: row.recording_url,
                recording_status: row.recording_status,
            };
            let frame = Frame::RecordingReady { seq: row.recording_seq, data };
            Addressed { user_id: Some(row.user_id), frame }
        });
        Ok(addressed.collect())
    }
}
