//! `call_legs`: one row a leg, where everything told of it merges.

use curbe_domain::legs::{
    Direction, Hangup, LegFacts, LegKey, Outcome, Recording, RecordingStatus,
};
use curbe_domain::providers::Provider;
use time::OffsetDateTime;

use super::Tx;

/// A leg as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRow {
    /// What is known of it.
    pub facts: LegFacts,
    /// What it was settled as, if it was.
    pub settled_as: Option<SettledAs>,
    /// When ingest had read of its end.
    pub heard_at: Option<OffsetDateTime>,
}

/// What became of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledAs {
    /// One log, one `call_charge`.
    Charged,
    /// One log at price 0, no row in the ledger.
    Free,
    /// Neither: another leg of the call was charged.
    Covered,
}

impl SettledAs {
    /// The name in the row.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charged => "charged",
            Self::Free => "free",
            Self::Covered => "covered",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Charged, Self::Free, Self::Covered].into_iter().find(|this| this.as_str() == name)
    }
}

/// The provider's bytes that told of a leg's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangupBytes {
    /// As they were signed.
    pub body: Vec<u8>,
    /// As it was declared.
    pub content_type: Option<String>,
    /// When ingest had read them.
    pub received_at: OffsetDateTime,
}

/// News of a leg: facts, and the bytes where they tell of its end.
#[derive(Clone, Debug)]
pub struct LegNews {
    /// What is told.
    pub facts: LegFacts,
    /// There where `facts.hangup` is.
    pub hangup_bytes: Option<HangupBytes>,
}

struct Row {
    provider: String,
    leg: String,
    parent: Option<String>,
    account: Option<String>,
    from_address: Option<String>,
    to_address: Option<String>,
    direction: Option<String>,
    outcome: Option<String>,
    seconds: Option<i32>,
    ended_at: Option<OffsetDateTime>,
    recording_status: Option<String>,
    recording_url: Option<String>,
    settled_as: Option<String>,
    heard_at: Option<OffsetDateTime>,
}

impl From<Row> for LegRow {
    fn from(row: Row) -> Self {
        let hangup = |outcome| {
            Some(Hangup {
                outcome,
                seconds: u32::try_from(row.seconds?).ok()?,
                ended_at: row.ended_at?,
            })
        };
        let recording = |status| Recording { status, url: row.recording_url.clone() };
        Self {
            facts: LegFacts {
                // The check constraint admits these names alone.
                key: LegKey {
                    provider: Provider::parse(&row.provider).unwrap_or(Provider::Twilio),
                    leg: row.leg,
                },
                parent: row.parent,
                account: row.account,
                from: row.from_address,
                to: row.to_address,
                direction: row.direction.as_deref().and_then(Direction::parse),
                hangup: row.outcome.as_deref().and_then(Outcome::parse).and_then(hangup),
                recording: row
                    .recording_status
                    .as_deref()
                    .and_then(RecordingStatus::parse)
                    .map(recording),
            },
            settled_as: row.settled_as.as_deref().and_then(SettledAs::parse),
            heard_at: row.heard_at,
        }
    }
}

/// The columns of many legs, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    provider: Vec<String>,
    leg: Vec<String>,
    parent: Vec<Option<String>>,
    account: Vec<Option<String>>,
    from: Vec<Option<String>>,
    to: Vec<Option<String>>,
    direction: Vec<Option<String>>,
    outcome: Vec<Option<String>>,
    seconds: Vec<Option<i32>>,
    ended_at: Vec<Option<OffsetDateTime>>,
    recording_status: Vec<Option<String>>,
    recording_url: Vec<Option<String>>,
    body: Vec<Option<Vec<u8>>>,
    content_type: Vec<Option<String>>,
    received_at: Vec<Option<OffsetDateTime>>,
}

impl Columns {
    fn of(news: &[LegNews]) -> Self {
        let mut columns = Self::default();
        for LegNews { facts, hangup_bytes } in news {
            let hangup = facts.hangup.as_ref();
            let recording = facts.recording.as_ref();
            let bytes = hangup_bytes.as_ref();
            columns.provider.push(facts.key.provider.as_str().to_owned());
            columns.leg.push(facts.key.leg.clone());
            columns.parent.push(facts.parent.clone());
            columns.account.push(facts.account.clone());
            columns.from.push(facts.from.clone());
            columns.to.push(facts.to.clone());
            columns.direction.push(facts.direction.map(|direction| direction.as_str().to_owned()));
            columns.outcome.push(hangup.map(|hangup| hangup.outcome.as_str().to_owned()));
            // The parser admits at most a day.
            columns
                .seconds
                .push(hangup.map(|hangup| i32::try_from(hangup.seconds).unwrap_or(i32::MAX)));
            columns.ended_at.push(hangup.map(|hangup| hangup.ended_at));
            columns
                .recording_status
                .push(recording.map(|recording| recording.status.as_str().to_owned()));
            columns.recording_url.push(recording.and_then(|recording| recording.url.clone()));
            columns.body.push(bytes.map(|bytes| bytes.body.clone()));
            columns.content_type.push(bytes.and_then(|bytes| bytes.content_type.clone()));
            columns.received_at.push(bytes.map(|bytes| bytes.received_at));
        }
        columns
    }
}

/// Merges news into the rows, locks the rows in the order given, and returns them as they then are. No leg may occur
/// twice. The rules are those of `curbe_domain::legs::merge`: what is known stands, a recording only goes forward.
///
/// # Errors
/// What the database says.
pub async fn merge(tx: &mut Tx, news: &[LegNews]) -> Result<Vec<LegRow>, sqlx::Error> {
    let columns = Columns::of(news);
    let rows = sqlx::query_as!(
        Row,
        r#"
        insert into call_legs as known (
            provider, leg, parent, account, from_address, to_address, direction, outcome, seconds, ended_at,
            recording_status, recording_url, hangup_body, hangup_content_type, hangup_received_at
        )
        select
            provider, leg, parent, account, from_address, to_address, direction::call_direction, outcome, seconds,
            ended_at, recording_status::recording_status, recording_url, body, content_type, received_at
        from unnest(
            $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::int[], $10::timestamptz[], $11::text[], $12::text[], $13::bytea[], $14::text[], $15::timestamptz[]
        ) as news (
            provider, leg, parent, account, from_address, to_address, direction, outcome, seconds, ended_at,
            recording_status, recording_url, body, content_type, received_at
        )
        on conflict (provider, leg) do update set
            parent = coalesce(known.parent, excluded.parent),
            account = coalesce(known.account, excluded.account),
            from_address = coalesce(known.from_address, excluded.from_address),
            to_address = coalesce(known.to_address, excluded.to_address),
            direction = coalesce(known.direction, excluded.direction),
            outcome = coalesce(known.outcome, excluded.outcome),
            seconds = coalesce(known.seconds, excluded.seconds),
            ended_at = coalesce(known.ended_at, excluded.ended_at),
            hangup_body = coalesce(known.hangup_body, excluded.hangup_body),
            hangup_content_type =
                case when known.outcome is null then excluded.hangup_content_type else known.hangup_content_type end,
            hangup_received_at = coalesce(known.hangup_received_at, excluded.hangup_received_at),
            recording_status = case when recording_rank(excluded.recording_status)
                > recording_rank(known.recording_status) then excluded.recording_status else known.recording_status end,
            recording_url = case when recording_rank(excluded.recording_status)
                > recording_rank(known.recording_status) then excluded.recording_url else known.recording_url end
        returning
            provider, leg, parent, account, from_address, to_address, direction::text, outcome, seconds, ended_at,
            recording_status::text, recording_url, settled_as, hangup_received_at as heard_at
        "#,
        &columns.provider,
        &columns.leg,
        &columns.parent as &[Option<String>],
        &columns.account as &[Option<String>],
        &columns.from as &[Option<String>],
        &columns.to as &[Option<String>],
        &columns.direction as &[Option<String>],
        &columns.outcome as &[Option<String>],
        &columns.seconds as &[Option<i32>],
        &columns.ended_at as &[Option<OffsetDateTime>],
        &columns.recording_status as &[Option<String>],
        &columns.recording_url as &[Option<String>],
        &columns.body as &[Option<Vec<u8>>],
        &columns.content_type as &[Option<String>],
        &columns.received_at as &[Option<OffsetDateTime>],
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().map(LegRow::from).collect())
}

/// Locks and returns legs, found by one column.
macro_rules! lock_by {
    ($tx:expr, $column:literal, $keys:expr) => {{
        let (providers, legs) = split($keys);
        let rows = sqlx::query_as!(
            Row,
            "select
                l.provider, l.leg, l.parent, l.account, l.from_address, l.to_address, l.direction::text, l.outcome,
                l.seconds, l.ended_at, l.recording_status::text, l.recording_url, l.settled_as,
                l.hangup_received_at as heard_at
            from unnest($1::text[], $2::text[]) as wanted (provider, leg)
            join call_legs l on l.provider = wanted.provider and l." + $column + " = wanted.leg
            order by l.provider, l.leg
            for update of l",
            &providers,
            &legs,
        );
        rows.fetch_all(&mut *$tx).await.map(|rows| rows.into_iter().map(LegRow::from).collect())
    }};
}

/// Locks and returns the children of these legs. Whoever tells of a child locks its parent first, so a child whose
/// parent is locked here is locked by nobody else.
///
/// # Errors
/// What the database says.
pub async fn lock_children(tx: &mut Tx, parents: &[LegKey]) -> Result<Vec<LegRow>, sqlx::Error> {
    lock_by!(tx, "parent", parents)
}

/// Locks and returns these legs, where they are.
///
/// # Errors
/// What the database says.
pub async fn lock(tx: &mut Tx, keys: &[LegKey]) -> Result<Vec<LegRow>, sqlx::Error> {
    lock_by!(tx, "leg", keys)
}

/// The bytes that told of this leg's end.
///
/// # Errors
/// What the database says.
pub async fn hangup_bytes(tx: &mut Tx, key: &LegKey) -> Result<Option<HangupBytes>, sqlx::Error> {
    sqlx::query_as!(
        HangupBytes,
        r#"
        select hangup_body as "body!", hangup_content_type as content_type, hangup_received_at as "received_at!"
        from call_legs
        where provider = $1 and leg = $2 and hangup_body is not null
        "#,
        key.provider.as_str(),
        key.leg,
    )
    .fetch_optional(&mut *tx)
    .await
}

/// Marks legs as settled.
///
/// # Errors
/// What the database says.
pub async fn mark_settled(
    tx: &mut Tx,
    legs: &[(LegKey, SettledAs)],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let keys: Vec<LegKey> = legs.iter().map(|(key, _)| key.clone()).collect();
    let (providers, names) = split(&keys);
    let settled_as: Vec<String> = legs.iter().map(|(_, as_)| as_.as_str().to_owned()).collect();
    sqlx::query!(
        r#"
        update call_legs l
        set settled_at = $4, settled_as = settled.settled_as
        from unnest($1::text[], $2::text[], $3::text[]) as settled (provider, leg, settled_as)
        where l.provider = settled.provider and l.leg = settled.leg
        "#,
        &providers,
        &names,
        &settled_as,
        now,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Legs that ended and were heard of before an instant, wait for another leg, and have no open dead letter; the
/// oldest first.
///
/// # Errors
/// What the database says.
pub async fn waiting_since(
    tx: &mut Tx,
    heard_before: OffsetDateTime,
    limit: i64,
) -> Result<Vec<LegKey>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select provider, leg
        from call_legs l
        where settled_at is null and outcome is not null and hangup_received_at < $1
            and not exists (
                select from dead_letters d
                where d.provider = l.provider and d.leg = l.leg and d.status = 'open'
            )
        order by hangup_received_at
        limit $2
        "#,
        heard_before,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let key = |provider: String, leg| Some(LegKey { provider: Provider::parse(&provider)?, leg });
    Ok(rows.into_iter().filter_map(|row| key(row.provider, row.leg)).collect())
}

fn split(keys: &[LegKey]) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|key| (key.provider.as_str().to_owned(), key.leg.clone())).unzip()
}
