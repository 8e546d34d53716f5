//! Which legs belong together.

use curbe_domain::legs::LegKey;
use curbe_domain::providers::Provider;

use crate::store::{Tx, columns};

/// What is known of these names: each with the leg that it leads to, the leg that caused it, and its session.
///
/// # Errors
/// What the database says.
pub async fn relatives(tx: &mut Tx, names: &[LegKey]) -> Result<Vec<Vec<LegKey>>, sqlx::Error> {
    let (providers, named) = columns(names);
    let rows = sqlx::query!(
        r#"
        select
            wanted.provider as "provider!", wanted.name as "name!", n.leg as "leg?", l.parent as "parent?",
            l.session as "session?"
        from unnest($1::text[], $2::text[]) as wanted (provider, name)
        left join call_leg_names n on n.provider = wanted.provider and n.name = wanted.name
        left join call_legs l on l.provider = wanted.provider and l.leg = coalesce(n.leg, wanted.name)
        "#,
        &providers,
        &named,
    )
    .fetch_all(&mut *tx)
    .await?;
    let together = rows.into_iter().filter_map(|row| {
        let provider = Provider::parse(&row.provider)?;
        let legs = [Some(row.name), row.leg, row.parent, row.session].into_iter().flatten();
        Some(legs.map(|leg| LegKey { provider, leg }).collect())
    });
    Ok(together.collect())
}
