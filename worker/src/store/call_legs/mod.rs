//! `call_legs`: one row a leg, where everything told of it merges.

use std::collections::{HashMap, HashSet};

use curbe_domain::legs::duration::Basis;
use curbe_domain::legs::{LegFacts, LegKey};
use curbe_domain::preflight::Reason;
use curbe_domain::providers::Provider;
use time::OffsetDateTime;

use super::authorizations::Terms;
use super::{Tx, columns};

mod merging;
mod overruling;
mod refused;
mod relatives;
mod row;

pub use merging::merge;
pub use overruling::{leave_alone, replace_end, withdraw_refusal};
pub use refused::{mark_refused, refuse};
pub use relatives::relatives;
use row::Row;

/// A leg as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRow {
    /// What is known of it.
    pub facts: LegFacts,
    /// What became of it, if it was settled.
    pub settled: Option<Settled>,
    /// When ingest had read of its end.
    pub heard_at: Option<OffsetDateTime>,
    /// Why it was refused before it began.
    pub refusal: Option<Reason>,
    /// A person has decided that nobody waits for its parent any more.
    pub is_alone: bool,
    /// What it was authorized on, once that was looked up.
    pub terms: Option<Terms>,
}

/// What became of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledAs {
    /// One log, one `call_charge`.
    Charged,
    /// One log at price 0, no row in the ledger.
    Free,
    /// Neither: another leg of the call was charged.
    Covered,
}

impl SettledAs {
    /// The name in the row.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charged => "charged",
            Self::Free => "free",
            Self::Covered => "covered",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Charged, Self::Free, Self::Covered].into_iter().find(|this| this.as_str() == name)
    }
}

/// A leg that was settled: as what, and what its price rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What became of it.
    pub settled_as: SettledAs,
    /// The seconds that the customer has paid for by now.
    pub seconds: u32,
    /// What they rest on.
    pub basis: Basis,
}

/// The provider's bytes that told of a leg's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangupBytes {
    /// As they were signed.
    pub body: Vec<u8>,
    /// As it was declared.
    pub content_type: Option<String>,
    /// When ingest had read them.
    pub received_at: OffsetDateTime,
}

/// News of a leg: facts, and the bytes where they tell of its end.
#[derive(Clone, Debug)]
pub struct LegNews {
    /// What is told.
    pub facts: LegFacts,
    /// There where `facts.hangup` is.
    pub hangup_bytes: Option<HangupBytes>,
}

/// Locks and returns legs, found by one column.
macro_rules! lock_by {
    ($tx:expr, $column:literal, $keys:expr) => {{
        let (providers, legs) = columns($keys);
        let rows = sqlx::query_as!(
            Row,
            "select
                l.provider, l.leg, l.parent, l.session, l.account, l.from_address, l.to_address, l.direction::text,
                l.initiated_at, l.answered_at, l.outcome, l.seconds, l.talked, l.ended_at, l.provider_cost,
                l.billed_seconds, l.recording_status::text, l.recording_url, l.recording_id, l.settled_as,
                l.settled_seconds, l.settled_by, l.hangup_received_at as heard_at, l.refusal,
                l.alone_at
            from unnest($1::text[], $2::text[]) as wanted (provider, leg)
            join call_legs l on l.provider = wanted.provider and l." + $column + " = wanted.leg
            order by l.provider, l.leg
            for update of l",
            &providers,
            &legs,
        );
        rows.fetch_all(&mut *$tx).await?.into_iter().map(Row::into_leg).collect()
    }};
}

/// Locks and returns the children of these legs. Whoever tells of a child locks its parent first, so a child whose
/// parent is locked here is locked by nobody else.
///
/// # Errors
/// What the database says.
pub async fn lock_children(tx: &mut Tx, parents: &[LegKey]) -> Result<Vec<LegRow>, sqlx::Error> {
    lock_by!(tx, "parent", parents)
}

/// The accounts of these legs, where they are known.
///
/// # Errors
/// What the database says.
pub async fn accounts(
    tx: &mut Tx,
    keys: &[LegKey],
) -> Result<HashMap<LegKey, String>, sqlx::Error> {
    let (providers, legs) = columns(keys);
    let rows = sqlx::query!(
        r#"
        select l.provider, l.leg, l.account as "account!"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
        where l.account is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    let account = |provider: String, leg, account| {
        Some((LegKey { provider: Provider::parse(&provider)?, leg }, account))
    };
    Ok(rows.into_iter().filter_map(|row| account(row.provider, row.leg, row.account)).collect())
}

/// The sessions that these legs are of.
///
/// # Errors
/// What the database says.
pub async fn sessions(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<String>, sqlx::Error> {
    let (providers, legs) = columns(keys);
    sqlx::query_scalar!(
        r#"
        select distinct l.session as "session!"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
        where l.session is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Locks and returns the legs of these sessions.
///
/// # Errors
/// What the database says.
pub async fn lock_sessions(tx: &mut Tx, sessions: &[LegKey]) -> Result<Vec<LegRow>, sqlx::Error> {
    lock_by!(tx, "session", sessions)
}

/// Locks and returns these legs, where they are.
///
/// # Errors
/// What the database says.
pub async fn lock(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<LegRow>, sqlx::Error> {
    lock_by!(tx, "leg", keys)
}

/// Those of these legs that are settled.
///
/// # Errors
/// What the database says.
pub async fn settled(tx: &mut Tx, keys: &[LegKey]) -> Result<HashSet<LegKey>, sqlx::Error> {
    let (providers, legs) = columns(keys);
    let rows = sqlx::query!(
        r#"
        select l.provider, l.leg
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
        where l.settled_at is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: String, leg| Some(LegKey { provider: Provider::parse(&provider)?, leg });
    Ok(rows.into_iter().filter_map(|row| key(row.provider, row.leg)).collect())
}

/// The legs in whose logs these covered legs are: their parents, or the charged legs of their sessions.
///
/// # Errors
/// What the database says.
pub async fn covering(
    tx: &mut Tx,
    covered: &[LegKey],
) -> Result<HashMap<LegKey, LegKey>, sqlx::Error> {
    if covered.is_empty() {
        return Ok(HashMap::new());
    }
    let (providers, legs) = columns(covered);
    let rows = sqlx::query!(
        r#"
        select l.provider, l.leg, coalesce(l.parent, (
                select s.leg from call_legs s
                where s.provider = l.provider and s.session = l.session and s.parent is null
                    and s.settled_as in ('charged', 'free')
                order by s.settled_by = 'session', s.settled_seconds = 0, s.initiated_at, s.leg
                limit 1
            )) as covering
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: &str, leg| Some(LegKey { provider: Provider::parse(provider)?, leg });
    let pair = |provider: String, leg, covering: Option<String>| {
        Some((key(&provider, leg)?, key(&provider, covering?)?))
    };
    Ok(rows.into_iter().filter_map(|row| pair(row.provider, row.leg, row.covering)).collect())
}

/// The bytes that told of this leg's end.
///
/// # Errors
/// What the database says.
pub async fn hangup_bytes(tx: &mut Tx, key: &LegKey) -> Result<Option<HangupBytes>, sqlx::Error> {
    sqlx::query_as!(
        HangupBytes,
        r#"
        select hangup_body as "body!", hangup_content_type as content_type, hangup_received_at as "received_at!"
        from call_legs
        where provider = $1 and leg = $2 and hangup_body is not null
        "#,
        key.provider.as_str(),
        key.leg,
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Marks legs as settled, or as corrected.
///
/// # Errors
/// What the database says.
pub async fn mark_settled(
    tx: &mut Tx,
    legs: &[(LegKey, Settled)],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let keys: Vec<LegKey> = legs.iter().map(|(key, _)| key.clone()).collect();
    let (providers, names) = columns(&keys);
    let text = |of: fn(&Settled) -> &'static str| -> Vec<String> {
        legs.iter().map(|(_, settled)| of(settled).to_owned()).collect()
    };
    let seconds: Vec<i32> = legs
        .iter()
        .map(|(_, settled)| i32::try_from(settled.seconds).unwrap_or(i32::MAX))
        .collect();
    sqlx::query!(
        r#"
        update call_legs l
        set settled_at = coalesce(settled_at, $6), settled_as = settled.settled_as, settled_seconds = settled.seconds,
            settled_by = settled.basis
        from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[])
            as settled (provider, leg, settled_as, seconds, basis)
        where l.provider = settled.provider and l.leg = settled.leg
        "#,
        &providers,
        &names,
        &text(|settled| settled.settled_as.as_str()),
        &seconds,
        &text(|settled| settled.basis.as_str()),
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Opens covered legs again: another one does not pay for them after all. They have neither log nor charge.
///
/// # Errors
/// What the database says.
pub async fn reopen(tx: &mut Tx, keys: &[LegKey]) -> Result<(), sqlx::Error> {
    let (providers, legs) = columns(keys);
    sqlx::query!(
        r#"
        update call_legs l
        set settled_at = null, settled_as = null, settled_seconds = null, settled_by = null
        from unnest($1::text[], $2::text[]) as reopened (provider, leg)
        where l.provider = reopened.provider and l.leg = reopened.leg and l.settled_as = 'covered'
        "#,
        &providers,
        &legs,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Some of the legs that ended, wait, and were heard of in a span of time. Any of them: were it always the oldest, those
/// that wait long would keep the others from being looked at.
///
/// # Errors
/// What the database says.
pub async fn waiting(
    tx: &mut Tx,
    heard_from: OffsetDateTime,
    heard_to: OffsetDateTime,
    limit: i64,
) -> Result<Vec<LegKey>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select provider, leg
        from call_legs
        where settled_at is null and outcome is not null and refused_at is null
            and hangup_received_at between $1 and $2
        order by random()
        limit $3
        "#,
        heard_from,
        heard_to,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: String, leg| Some(LegKey { provider: Provider::parse(&provider)?, leg });
    Ok(rows.into_iter().filter_map(|row| key(row.provider, row.leg)).collect())
}

/// The parents of these legs, as their rows name them.
///
/// # Errors
/// What the database says.
pub async fn parents(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<LegKey>, sqlx::Error> {
    let (providers, legs) = columns(keys);
    let rows = sqlx::query!(
        r#"
        select distinct l.provider, l.parent as "parent!"
        from unnest($1::text[], $2::text[]) as wanted (provider, leg)
        join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
        where l.parent is not null
        "#,
        &providers,
        &legs,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: String, leg| Some(LegKey { provider: Provider::parse(&provider)?, leg });
    Ok(rows.into_iter().filter_map(|row| key(row.provider, row.parent)).collect())
}
