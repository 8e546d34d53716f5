//! `dead_letters`: events that cannot be used, unique by subject and digest of their bytes.

use curbe_platform::queue::message::digest;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use crate::dead_letters::DeadLetter;

/// Text as Postgres takes it: it has no NUL. A dead letter that cannot be written would keep its message for ever.
#[must_use]
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Writes dead letters. One that is there already counts another attempt and tells the newest reason; what a person
/// decided about it stands.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    letters: &[DeadLetter],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    for letter in letters {
        sqlx::query!(
            r#"
            insert into dead_letters as known (
                id, subject, digest, payload, headers, provider, leg, reason, detail, attempts, received_at, created_at
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (subject, digest) do update set
                reason = excluded.reason,
                detail = excluded.detail,
                attempts = known.attempts + 1,
                status = case when known.status = 'replayed' then 'open' else known.status end
            "#,
            Uuid::now_v7(),
            storable(&letter.subject),
            &digest(&letter.payload)[..],
            &letter.payload[..],
            letter.headers,
            letter.provider,
            letter.leg.as_deref().map(storable),
            letter.reason.as_str(),
            storable(&letter.detail),
            letter.attempts,
            letter.received_at,
            now,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Which dead letters are wanted; `None` wants all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The provider's name.
    pub provider: Option<String>,
    /// The reason's name.
    pub reason: Option<String>,
    /// `open`, `replayed`, `discarded`.
    pub status: Option<String>,
    /// Written at this instant or later.
    pub since: Option<OffsetDateTime>,
}

/// A dead letter without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterRow {
    /// Which.
    pub id: Uuid,
    /// The subject that it came on.
    pub subject: String,
    /// The provider's name, as far as known.
    pub provider: String,
    /// The leg, as far as known.
    pub leg: Option<String>,
    /// Why.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// Whose, as far as known.
    pub organization_id: Option<Uuid>,
    /// How often it was delivered.
    pub attempts: i64,
    /// `open`, `replayed`, `discarded`.
    pub status: String,
    /// When ingest had read it.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// When it was given up.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Dead letters, the newest first.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<DeadLetterRow>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetterRow,
        r#"
        select
            id, subject, provider, leg, reason, detail, organization_id, attempts, status, received_at, created_at
        from dead_letters
        where ($1::text is null or provider = $1) and ($2::text is null or reason = $2)
            and ($3::text is null or status = $3) and ($4::timestamptz is null or created_at >= $4)
        order by created_at desc, id desc
        limit $5
        "#,
        filter.provider,
        filter.reason,
        filter.status,
        filter.since,
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// How many dead letters there are.
///
/// # Errors
/// What the database says.
pub async fn count(tx: &mut Tx, filter: &Filter) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from dead_letters
        where ($1::text is null or provider = $1) and ($2::text is null or reason = $2)
            and ($3::text is null or status = $3) and ($4::timestamptz is null or created_at >= $4)
        "#,
        filter.provider,
        filter.reason,
        filter.status,
        filter.since,
    )
    .fetch_one(&mut *tx)
    .await
}
