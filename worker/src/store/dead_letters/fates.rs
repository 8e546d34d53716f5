//! What became of dead letters that were sent through again.

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
