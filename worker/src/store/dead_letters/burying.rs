//! Writing dead letters.

use curbe_platform::queue::message::digest;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::dead_letters::DeadLetter;
use crate::store::Tx;

/// Text as Postgres takes it: it has no NUL. A dead letter that cannot be written would keep its message for ever.
#[must_use]
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Writes dead letters. One that is there already counts another attempt and tells the newest reason; one that was sent
/// through again is open again, and one that a person discarded stays so. Whose it is, as far as that can be said: who
/// paid for the leg, else whose its account is, else whose its own side's number is.
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
                id, subject, digest, payload, headers, provider, leg, reason, detail, attempts, received_at,
                created_at, buried_at, organization_id
            )
            select
                $1, $2, $3, $4, $5, $6, $7::text, $8, $9, $10, $11, $12, $12,
                coalesce(
                    (select w.organization_id from call_logs c join wallets w on w.id = c.wallet_id
                        where c.provider = $6 and c.external_call_id = $7),
                    (select a.organization_id from call_legs l
                        join provider_accounts a on a.provider = l.provider and a.account = l.account
                        where l.provider = $6 and l.leg = $7),
                    (select u.organization_id from call_legs l
                        join phone_numbers n on n.e164 in (l.from_address, l.to_address) and n.valid_to is null
                        join users u on u.id = n.user_id
                        where l.provider = $6 and l.leg = $7
                        order by n.e164 = l.from_address desc
                        limit 1)
                )
            on conflict (subject, digest) do update set
                reason = excluded.reason,
                detail = excluded.detail,
                attempts = known.attempts + 1,
                buried_at = excluded.buried_at,
                organization_id = coalesce(excluded.organization_id, known.organization_id),
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
