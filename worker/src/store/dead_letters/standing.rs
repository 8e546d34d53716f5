//! How many dead letters there are, for whoever watches.

use time::OffsetDateTime;

use crate::store::Tx;

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Reasons, and how many letters are open for each.
    pub open: Vec<(String, i64)>,
    /// When the oldest of them was first given up.
    pub oldest: Option<OffsetDateTime>,
    /// Decisions, and how often each was made.
    pub decided: Vec<(String, i64)>,
}

/// How things stand.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx) -> Result<Standing, sqlx::Error> {
    let open = sqlx::query!(
        r#"
        select reason, count(*) as "letters!", min(created_at) as "oldest!"
        from dead_letters
        where status = 'open'
        group by reason
        "#
    )
    .fetch_all(&mut *tx)
    .await?;
    let decided = sqlx::query!(
        r#"select decision, count(*) as "letters!" from dead_letter_decisions group by decision"#
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(Standing {
        oldest: open.iter().map(|row| row.oldest).min(),
        open: open.into_iter().map(|row| (row.reason, row.letters)).collect(),
        decided: decided.into_iter().map(|row| (row.decision, row.letters)).collect(),
    })
}
