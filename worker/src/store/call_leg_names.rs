//! `call_leg_names`: to which leg a name of it leads, where a provider has several.

use std::collections::HashMap;

use curbe_domain::legs::LegKey;
use curbe_domain::providers::Provider;

use super::{Tx, authorizations};

/// Locks these names in one order, so that no two transactions wait for each other in a circle, and tells to which legs
/// they lead.
///
/// # Errors
/// What the database says.
pub async fn lock(
    tx: &mut Tx,
    provider: Provider,
    names: &[String],
) -> Result<HashMap<String, String>, sqlx::Error> {
    // An update that changes nothing still waits for its row and locks it.
    sqlx::query!(
        r#"
        insert into call_leg_names as known (provider, name)
        select distinct $1, name from unnest($2::text[]) as wanted (name) order by name
        on conflict (provider, name) do update set leg = known.leg where false
        "#,
        provider.as_str(),
        names,
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        r#"
        select name, leg as "leg!" from call_leg_names
        where provider = $1 and name = any($2) and leg is not null
        "#,
        provider.as_str(),
        names,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.leg)).collect())
}

/// The leg that a name leads to, if it is known.
///
/// # Errors
/// What the database says.
pub async fn leg_of(tx: &mut Tx, name: &LegKey) -> Result<Option<LegKey>, sqlx::Error> {
    let leg = sqlx::query_scalar!(
        r#"select leg as "leg!" from call_leg_names where provider = $1 and name = $2 and leg is not null"#,
        name.provider.as_str(),
        name.leg,
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(leg.map(|leg| LegKey { provider: name.provider, leg }))
}

/// Says to which legs locked names lead that led nowhere yet.
///
/// # Errors
/// What the database says.
pub async fn lead(
    tx: &mut Tx,
    provider: Provider,
    names: &[(String, String)],
) -> Result<(), sqlx::Error> {
    let (names, legs): (Vec<String>, Vec<String>) = names.iter().cloned().unzip();
    sqlx::query!(
        r#"
        update call_leg_names n
        set leg = led.leg
        from unnest($2::text[], $3::text[]) as led (name, leg)
        where n.provider = $1 and n.name = led.name and n.leg is null
        "#,
        provider.as_str(),
        &names,
        &legs,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Leads every name of a leg, and its children, to another row, and removes its own. What it knew must be merged into
/// the other one.
///
/// # Errors
/// What the database says.
pub async fn absorb(tx: &mut Tx, from: &LegKey, into: &LegKey) -> Result<(), sqlx::Error> {
    let provider = from.provider.as_str();
    sqlx::query!(
        "update call_leg_names set leg = $3 where provider = $1 and leg = $2",
        provider,
        from.leg,
        into.leg,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update call_legs set parent = $3 where provider = $1 and parent = $2",
        provider,
        from.leg,
        into.leg,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        update call_legs l set refusal = coalesce(l.refusal, other.refusal)
        from call_legs other
        where other.provider = $1 and other.leg = $2 and l.provider = $1 and l.leg = $3
        "#,
        provider,
        from.leg,
        into.leg,
    )
    .execute(&mut *tx)
    .await?;
    authorizations::absorb(tx, from, into).await?;
    sqlx::query!("delete from call_legs where provider = $1 and leg = $2", provider, from.leg)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
