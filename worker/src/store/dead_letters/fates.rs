//! What became of dead letters that were sent through again.

use std::collections::HashSet;

use curbe_domain::legs::LegKey;
use curbe_domain::providers::Provider;
use uuid::Uuid;

use crate::store::Tx;

/// A letter, with its leg as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FateRow {
    /// Which.
    pub id: Uuid,
    /// The subject that it came on.
    pub subject: String,
    /// `open`, `replayed`, `discarded`.
    pub status: String,
    /// Why it was last given up.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// What its leg was settled as.
    pub settled_as: Option<String>,
}

/// What became of these letters.
///
/// # Errors
/// What the database says.
pub async fn fates(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<FateRow>, sqlx::Error> {
    sqlx::query_as!(
        FateRow,
        r#"
        select
            d.id, d.subject, d.status, d.reason, d.detail, l.settled_as as "settled_as?"
        from dead_letters d
        left join call_legs l on l.provider = d.provider and l.leg = d.leg
        where d.id = any($1)
        order by d.created_at, d.id
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await
}

/// The legs of these letters that are settled.
///
/// # Errors
/// What the database says.
pub async fn settled(tx: &mut Tx, ids: &[Uuid]) -> Result<HashSet<LegKey>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select l.provider, l.leg
        from dead_letters d
        left join call_leg_names n on n.provider = d.provider and n.name = d.leg
        join call_legs l on l.provider = d.provider and l.leg = coalesce(n.leg, d.leg)
        where d.id = any($1) and l.settled_at is not null
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: String, leg| Some(LegKey { provider: Provider::parse(&provider)?, leg });
    Ok(rows.into_iter().filter_map(|row| key(row.provider, row.leg)).collect())
}
