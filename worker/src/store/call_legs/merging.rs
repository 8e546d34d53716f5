//! News of legs merged into their rows, by the rules of `curbe_domain::legs::merge`.

use curbe_domain::legs::{LegFacts, Talk};
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::row::Row;
use super::{LegNews, LegRow};
use crate::store::Tx;

/// The columns of many legs, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    provider: Vec<String>,
    leg: Vec<String>,
    parent: Vec<Option<String>>,
    session: Vec<Option<String>>,
    account: Vec<Option<String>>,
    from: Vec<Option<String>>,
    to: Vec<Option<String>>,
    direction: Vec<Option<String>>,
    initiated_at: Vec<Option<OffsetDateTime>>,
    answered_at: Vec<Option<OffsetDateTime>>,
    outcome: Vec<Option<String>>,
    seconds: Vec<Option<i32>>,
    talked: Vec<Option<bool>>,
    ended_at: Vec<Option<OffsetDateTime>>,
    provider_cost: Vec<Option<Decimal>>,
    billed_seconds: Vec<Option<i32>>,
    recording_status: Vec<Option<String>>,
    recording_url: Vec<Option<String>>,
    recording_id: Vec<Option<String>>,
    body: Vec<Option<Vec<u8>>>,
    content_type: Vec<Option<String>>,
    received_at: Vec<Option<OffsetDateTime>>,
}

impl Columns {
    fn of(news: &[LegNews]) -> Self {
        let mut columns = Self::default();
        for LegNews { facts, hangup_bytes } in news {
            columns.push_leg(facts);
            columns.push_end(facts);
            columns.push_recording(facts);
            let bytes = hangup_bytes.as_ref();
            columns.body.push(bytes.map(|bytes| bytes.body.clone()));
            columns.content_type.push(bytes.and_then(|bytes| bytes.content_type.clone()));
            columns.received_at.push(bytes.map(|bytes| bytes.received_at));
        }
        columns
    }

    fn push_leg(&mut self, facts: &LegFacts) {
        self.provider.push(facts.key.provider.as_str().to_owned());
        self.leg.push(facts.key.leg.clone());
        self.parent.push(facts.parent.clone());
        self.session.push(facts.session.clone());
        self.account.push(facts.account.clone());
        self.from.push(facts.from.clone());
        self.to.push(facts.to.clone());
        self.direction.push(facts.direction.map(|direction| direction.as_str().to_owned()));
        self.initiated_at.push(facts.initiated_at);
        self.answered_at.push(facts.answered_at);
    }

    fn push_end(&mut self, facts: &LegFacts) {
        let hangup = facts.hangup.as_ref();
        // Where seconds are too many for the column, they are too many for a call, and refused.
        let seconds = |seconds| i32::try_from(seconds).unwrap_or(i32::MAX);
        let (stated, talked) = match hangup.map(|hangup| hangup.talk) {
            Some(Talk::Stated(stated)) => (Some(seconds(stated)), None),
            Some(Talk::Unstated { was_answered }) => (None, Some(was_answered)),
            None => (None, None),
        };
        self.outcome.push(hangup.map(|hangup| hangup.outcome.as_str().to_owned()));
        self.seconds.push(stated);
        self.talked.push(talked);
        self.ended_at.push(hangup.map(|hangup| hangup.ended_at));
        let billed = facts.billed;
        self.provider_cost.push(billed.and_then(|billed| Some(billed.cost?.to_decimal())));
        self.billed_seconds.push(billed.and_then(|billed| billed.seconds.map(seconds)));
    }

    fn push_recording(&mut self, facts: &LegFacts) {
        let recording = facts.recording.as_ref();
        self.recording_status.push(recording.map(|recording| recording.status.as_str().to_owned()));
        self.recording_url.push(recording.and_then(|recording| recording.url.clone()));
        self.recording_id.push(recording.and_then(|recording| recording.id.clone()));
    }
}

/// Merges news into the rows, locks the rows in the order given, and returns them as they then are. No leg may occur
/// twice. What is known stands, an end that says how long the leg lasted replaces one that does not, a recording only
/// goes forward. A leg of another account is neither changed nor returned.
///
/// # Errors
/// What the database says.
#[expect(
    clippy::too_many_lines,
    reason = "one statement; its columns and parameters are the lines"
)]
pub async fn merge(tx: &mut Tx, news: &[LegNews]) -> Result<Vec<LegRow>, sqlx::Error> {
    let columns = Columns::of(news);
    let rows = sqlx::query_as!(
        Row,
        r#"
        insert into call_legs as known (
            provider, leg, parent, session, account, from_address, to_address, direction, initiated_at, answered_at,
            outcome, seconds, talked, ended_at, provider_cost, billed_seconds, recording_status, recording_url,
            recording_id, hangup_body, hangup_content_type, hangup_received_at
        )
        select
            provider, leg, parent, session, account, from_address, to_address, direction::call_direction,
            initiated_at, answered_at, outcome, seconds, talked, ended_at, provider_cost, billed_seconds,
            recording_status::recording_status, recording_url, recording_id, body, content_type, received_at
        from unnest(
            $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[], $12::int[], $13::boolean[], $14::timestamptz[],
            $15::numeric[], $16::int[], $17::text[], $18::text[], $19::text[], $20::bytea[], $21::text[],
            $22::timestamptz[]
        ) as news (
            provider, leg, parent, session, account, from_address, to_address, direction, initiated_at, answered_at,
            outcome, seconds, talked, ended_at, provider_cost, billed_seconds, recording_status, recording_url,
            recording_id, body, content_type, received_at
        )
        on conflict (provider, leg) do update set
            refused_at = null,
            parent = coalesce(known.parent, excluded.parent),
            session = coalesce(known.session, excluded.session),
            account = coalesce(known.account, excluded.account),
            from_address = coalesce(known.from_address, excluded.from_address),
            to_address = coalesce(known.to_address, excluded.to_address),
            direction = coalesce(known.direction, excluded.direction),
            initiated_at = least(known.initiated_at, excluded.initiated_at),
            answered_at = least(known.answered_at, excluded.answered_at),
            (outcome, seconds, talked, ended_at, hangup_body, hangup_content_type, hangup_received_at) = (
                select
                    case when taken_over then excluded.outcome else known.outcome end,
                    case when taken_over then excluded.seconds else known.seconds end,
                    case when taken_over then excluded.talked else known.talked end,
                    case when taken_over then excluded.ended_at else known.ended_at end,
                    case when taken_over then excluded.hangup_body else known.hangup_body end,
                    case when taken_over then excluded.hangup_content_type else known.hangup_content_type end,
                    coalesce(known.hangup_received_at, excluded.hangup_received_at)
                from (select known.outcome is null or (known.seconds is null and excluded.seconds is not null))
                    as news_of_end (taken_over)
            ),
            provider_cost = coalesce(known.provider_cost, excluded.provider_cost),
            billed_seconds = coalesce(known.billed_seconds, excluded.billed_seconds),
            recording_status = case when recording_rank(excluded.recording_status)
                > recording_rank(known.recording_status) then excluded.recording_status else known.recording_status end,
            recording_url = case when recording_rank(excluded.recording_status)
                > recording_rank(known.recording_status) then excluded.recording_url else known.recording_url end,
            recording_id = case when recording_rank(excluded.recording_status)
                > recording_rank(known.recording_status) then coalesce(excluded.recording_id, known.recording_id)
                else coalesce(known.recording_id, excluded.recording_id) end
        where known.account is null or excluded.account is null or known.account = excluded.account
        returning
            provider, leg, parent, session, account, from_address, to_address, direction::text, initiated_at,
            answered_at, outcome, seconds, talked, ended_at, provider_cost, billed_seconds, recording_status::text,
            recording_url, recording_id, settled_as, settled_seconds, settled_by, hangup_received_at as heard_at,
            refusal, alone_at
        "#,
        &columns.provider,
        &columns.leg,
        &columns.parent as &[Option<String>],
        &columns.session as &[Option<String>],
        &columns.account as &[Option<String>],
        &columns.from as &[Option<String>],
        &columns.to as &[Option<String>],
        &columns.direction as &[Option<String>],
        &columns.initiated_at as &[Option<OffsetDateTime>],
        &columns.answered_at as &[Option<OffsetDateTime>],
        &columns.outcome as &[Option<String>],
        &columns.seconds as &[Option<i32>],
        &columns.talked as &[Option<bool>],
        &columns.ended_at as &[Option<OffsetDateTime>],
        &columns.provider_cost as &[Option<Decimal>],
        &columns.billed_seconds as &[Option<i32>],
        &columns.recording_status as &[Option<String>],
        &columns.recording_url as &[Option<String>],
        &columns.recording_id as &[Option<String>],
        &columns.body as &[Option<Vec<u8>>],
        &columns.content_type as &[Option<String>],
        &columns.received_at as &[Option<OffsetDateTime>],
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter().map(Row::into_leg).collect()
}
