//! Looking for dead letters.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Tx;

/// The status of a letter that is still to be looked at.
pub const OPEN: &str = "open";
/// The statuses there are.
pub const STATUSES: [&str; 3] = [OPEN, "replayed", "discarded"];
/// In place of a status, where letters of any are wanted.
pub const ANY: &str = "all";

/// Which dead letters are wanted; `None` wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// The provider's name.
    pub provider: Option<String>,
    /// The reason's name.
    pub reason: Option<String>,
    /// Whose, as far as known.
    pub organization_id: Option<Uuid>,
    /// `open`, `replayed`, `discarded`.
    pub status: Option<String>,
    /// Given up at this instant or later.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// Given up before this instant.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

/// Where a letter stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it was first given up.
    pub created_at: OffsetDateTime,
    /// Which.
    pub id: Uuid,
}

/// A dead letter without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetter)]
pub struct DeadLetterRow {
    /// Which.
    pub id: Uuid,
    /// The subject that it came on.
    pub subject: String,
    /// The provider's name, as far as known.
    pub provider: String,
    /// The leg, as far as known.
    #[schema(required)]
    pub leg: Option<String>,
    /// Why.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// Whose, as far as known.
    #[schema(required)]
    pub organization_id: Option<Uuid>,
    /// How often it was tried.
    pub attempts: i64,
    /// `open`, `replayed`, `discarded`.
    pub status: String,
    /// When ingest had read it.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// When it was first given up.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last given up.
    #[serde(with = "time::serde::rfc3339")]
    pub buried_at: OffsetDateTime,
}

impl DeadLetterRow {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { created_at: self.created_at, id: self.id }
    }
}

/// A dead letter with everything needed to send it through again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What is said of it.
    pub row: DeadLetterRow,
    /// The provider's bytes.
    pub payload: Vec<u8>,
    /// A list of values for each name.
    pub headers: Value,
}

/// Dead letters, the newest first, those after a place.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<DeadLetterRow>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetterRow,
        r#"
        select
            id, subject, provider, leg, reason, detail, organization_id, attempts, status, received_at, created_at,
            buried_at
        from dead_letters
        where ($1::text is null or provider = $1) and ($2::text is null or reason = $2)
            and ($3::text is null or status = $3) and ($4::timestamptz is null or created_at >= $4)
            and ($5::timestamptz is null or created_at < $5) and ($6::uuid is null or organization_id = $6)
            and ($7::timestamptz is null or (created_at, id) < ($7, $8::uuid))
        order by created_at desc, id desc
        limit $9
        "#,
        filter.provider,
        filter.reason,
        filter.status,
        filter.since,
        filter.until,
        filter.organization_id,
        after.map(|place| place.created_at),
        after.map(|place| place.id),
        limit,
    )
    .fetch_all(&mut *tx)
    .await
}

/// The ids of dead letters, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn oldest(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select id
        from dead_letters
        where ($1::text is null or provider = $1) and ($2::text is null or reason = $2)
            and ($3::text is null or status = $3) and ($4::timestamptz is null or created_at >= $4)
            and ($5::timestamptz is null or created_at < $5) and ($6::uuid is null or organization_id = $6)
        order by created_at, id
        limit $7
        "#,
        filter.provider,
        filter.reason,
        filter.status,
        filter.since,
        filter.until,
        filter.organization_id,
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
            and ($5::timestamptz is null or created_at < $5) and ($6::uuid is null or organization_id = $6)
        "#,
        filter.provider,
        filter.reason,
        filter.status,
        filter.since,
        filter.until,
        filter.organization_id,
    )
    .fetch_one(&mut *tx)
    .await
}

/// These letters whole, the oldest first; those that are not there are left out.
///
/// # Errors
/// What the database says.
pub async fn letters(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Letter>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select
            id, subject, provider, leg, reason, detail, organization_id, attempts, status, received_at, created_at,
            buried_at, payload, headers
        from dead_letters
        where id = any($1)
        order by created_at, id
        "#,
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let letters = rows.into_iter().map(|row| Letter {
        payload: row.payload,
        headers: row.headers,
        row: DeadLetterRow {
            id: row.id,
            subject: row.subject,
            provider: row.provider,
            leg: row.leg,
            reason: row.reason,
            detail: row.detail,
            organization_id: row.organization_id,
            attempts: row.attempts,
            status: row.status,
            received_at: row.received_at,
            created_at: row.created_at,
            buried_at: row.buried_at,
        },
    });
    Ok(letters.collect())
}

/// How many letters are open that were put aside at this instant or later, for each reason.
///
/// # Errors
/// What the database says.
pub async fn open_since(
    tx: &mut Tx,
    since: OffsetDateTime,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select reason, count(*) as "letters!"
        from dead_letters
        where status = 'open' and buried_at >= $1
        group by reason
        order by reason
        "#,
        since,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.letters)).collect())
}
