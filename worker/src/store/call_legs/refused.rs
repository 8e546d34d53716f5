//! Legs that were refused: before they began, and so cost nothing, or when they were to be settled.

use curbe_domain::legs::LegKey;
use curbe_domain::preflight::Reason;
use time::OffsetDateTime;

use crate::store::{Tx, columns};

/// Notes why legs were refused before they began; the first reason stands.
///
/// # Errors
/// What the database says.
pub async fn refuse(tx: &mut Tx, refused: &[(LegKey, Reason)]) -> Result<(), sqlx::Error> {
    let keys: Vec<LegKey> = refused.iter().map(|(key, _)| key.clone()).collect();
    let (providers, legs) = columns(&keys);
    let reasons: Vec<String> =
        refused.iter().map(|(_, reason)| reason.as_str().to_owned()).collect();
    sqlx::query!(
        r#"
        update call_legs l
        set refusal = coalesce(l.refusal, refused.reason)
        from unnest($1::text[], $2::text[], $3::text[]) as refused (provider, leg, reason)
        where l.provider = refused.provider and l.leg = refused.leg
        "#,
        &providers,
        &legs,
        &reasons,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Notes that legs were put aside, so that they are not looked at again until there is news of them.
///
/// # Errors
/// What the database says.
pub async fn mark_refused(
    tx: &mut Tx,
    keys: &[LegKey],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (providers, legs) = columns(keys);
    sqlx::query!(
        r#"
        update call_legs l
        set refused_at = $3
        from unnest($1::text[], $2::text[]) as refused (provider, leg)
        where l.provider = refused.provider and l.leg = refused.leg
        "#,
        &providers,
        &legs,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
