//! What a person decides about legs, against what was told of them.

use curbe_domain::legs::{LegKey, Talk};
use time::OffsetDateTime;

use super::{LegNews, lock, parents};
use crate::store::{Tx, columns};

/// Notes that nobody waits for the parents of these legs any more.
///
/// # Errors
/// What the database says.
pub async fn leave_alone(
    tx: &mut Tx,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    // Parents before their children, as everybody locks them.
    let parents = parents(tx, keys).await?;
    lock(tx, &parents).await?;
    let (providers, legs) = columns(keys);
    sqlx::query!(
        r#"
        with wanted as materialized (
            select l.provider, l.leg
            from unnest($1::text[], $2::text[]) as wanted (provider, leg)
            join call_legs l on l.provider = wanted.provider and l.leg = wanted.leg
            where l.settled_at is null and l.alone_at is null
            order by l.provider, l.leg
            for update of l
        )
        update call_legs l set alone_at = $3
        from wanted where l.provider = wanted.provider and l.leg = wanted.leg
        "#,
        &providers,
        &legs,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Notes that a leg was not refused before it began after all.
///
/// # Errors
/// What the database says.
pub async fn withdraw_refusal(tx: &mut Tx, key: &LegKey) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update call_legs set refusal = null where provider = $1 and leg = $2",
        key.provider.as_str(),
        key.leg,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Replaces the end of a leg, and returns the bytes that told of it so far.
///
/// # Errors
/// What the database says.
pub async fn replace_end(tx: &mut Tx, told: &LegNews) -> Result<Vec<u8>, sqlx::Error> {
    let key = &told.facts.key;
    let (provider, leg) = (key.provider.as_str(), key.leg.as_str());
    let before = sqlx::query_scalar!(
        r#"select hangup_body as "body!" from call_legs where provider = $1 and leg = $2"#,
        provider,
        leg,
    )
    .fetch_one(&mut *tx)
    .await?;
    let hangup = told.facts.hangup.as_ref();
    let (seconds, talked) = match hangup.map(|hangup| hangup.talk) {
        Some(Talk::Stated(seconds)) => (i32::try_from(seconds).ok(), None),
        Some(Talk::Unstated { was_answered }) => (None, Some(was_answered)),
        None => (None, None),
    };
    let bytes = told.hangup_bytes.as_ref();
    sqlx::query!(
        r#"
        update call_legs
        set outcome = $3, seconds = $4, talked = $5, ended_at = $6, hangup_body = $7, hangup_content_type = $8
        where provider = $1 and leg = $2
        "#,
        provider,
        leg,
        hangup.map(|hangup| hangup.outcome.as_str()),
        seconds,
        talked,
        hangup.map(|hangup| hangup.ended_at),
        bytes.map(|bytes| &bytes.body[..]),
        bytes.and_then(|bytes| bytes.content_type.as_deref()),
    )
    .execute(&mut *tx)
    .await?;
    Ok(before)
}
