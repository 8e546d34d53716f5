//! What people decided about dead letters.

use curbe_domain::legs::LegKey;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Tx;

/// What somebody decided about a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is sent through again.
    Replayed,
    /// It is not to be looked at any more.
    Discarded,
    /// It stands from now on, in place of the first word.
    Accepted,
}

impl Decision {
    /// The name in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
            Self::Accepted => "accepted",
        }
    }
}

/// The first word on a leg, in whose place another one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The provider's bytes.
    pub body: Vec<u8>,
    /// Their SHA-256.
    pub digest: [u8; 32],
}

/// A decision with who made it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterDecision)]
pub struct DecisionRow {
    /// The run that it was a part of.
    pub run_id: Uuid,
    /// `replayed`, `discarded`, `accepted`.
    pub decision: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub why: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub decided_at: OffsetDateTime,
}

/// Notes decisions; one that this run made before stands.
///
/// # Errors
/// What the database says.
pub async fn decide(
    tx: &mut Tx,
    ids: &[Uuid],
    run_id: Uuid,
    decision: Decision,
    replacement: Option<&Replacement>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into dead_letter_decisions (letter_id, run_id, decision, decided_at, replaced_body, replaced_digest)
        select id, $2, $3, $4, $5, $6 from unnest($1::uuid[]) as decided (id)
        on conflict do nothing
        "#,
        ids,
        run_id,
        decision.as_str(),
        now,
        replacement.map(|replacement| &replacement.body[..]),
        replacement.map(|replacement| &replacement.digest[..]),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Marks letters as replayed, each only if it is open and was not put aside once more since it had so many attempts.
/// Returns which were.
///
/// # Errors
/// What the database says.
pub async fn mark_replayed(tx: &mut Tx, letters: &[(Uuid, i64)]) -> Result<Vec<Uuid>, sqlx::Error> {
    let (ids, attempts): (Vec<Uuid>, Vec<i64>) = letters.iter().copied().unzip();
    sqlx::query_scalar!(
        r#"
        update dead_letters l
        set status = 'replayed'
        from unnest($1::uuid[], $2::bigint[]) as sent (id, attempts)
        where l.id = sent.id and l.status = 'open' and l.attempts = sent.attempts
        returning l.id
        "#,
        &ids,
        &attempts,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Marks open letters as discarded. Returns which were.
///
/// # Errors
/// What the database says.
pub async fn discard(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        update dead_letters set status = 'discarded' where id = any($1) and status = 'open' returning id
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Opens letters again that had been discarded.
///
/// # Errors
/// What the database says.
pub async fn reopen(tx: &mut Tx, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update dead_letters set status = 'open' where id = any($1) and status = 'discarded'",
        ids,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// What was decided about a letter, the first decision first.
///
/// # Errors
/// What the database says.
pub async fn decisions_of(tx: &mut Tx, id: Uuid) -> Result<Vec<DecisionRow>, sqlx::Error> {
    sqlx::query_as!(
        DecisionRow,
        r#"
        select d.run_id, d.decision, r.actor, r.why, d.decided_at
        from dead_letter_decisions d join operator_runs r on r.id = d.run_id
        where d.letter_id = $1
        order by d.decided_at, d.run_id
        "#,
        id,
    )
    .fetch_all(&mut *tx)
    .await
}

/// Whether a person has let another word stand in place of this one.
///
/// # Errors
/// What the database says.
pub async fn replaced(tx: &mut Tx, key: &LegKey, digest: &[u8]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select from dead_letter_decisions d join dead_letters l on l.id = d.letter_id
            where d.replaced_digest = $3 and l.provider = $1 and l.leg = $2
        ) as "is_replaced!"
        "#,
        key.provider.as_str(),
        key.leg,
        digest,
    )
    .fetch_one(&mut *tx)
    .await
}
