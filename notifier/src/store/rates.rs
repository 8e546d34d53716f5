//! What a minute to a number costs at this moment.

use curbe_domain::legs::Direction;
use curbe_domain::phone::E164;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::DEFAULT_DECK;
use uuid::Uuid;

use super::{Error, Store, money};

impl Store {
    /// The rate of an outgoing call that began now, by the rule of `curbe_domain::rating::deck`: the longest prefix in
    /// the deck in force, a row for outgoing calls before one for both ways. None where the deck has none, and where
    /// its currency is not the wallet's.
    pub(crate) async fn outbound_rate(
        &self,
        wallet_id: Uuid,
        number: &E164,
    ) -> Result<Option<Rate>, Error> {
        let digits = number.digits();
        let prefixes: Vec<String> =
            (1..=digits.len()).map(|length| digits[..length].to_owned()).collect();
        let row = sqlx::query!(
            r#"with deck as (
                   select d.id, d.currency = w.currency as is_in_currency
                   from wallets w
                   join organizations o on o.id = w.organization_id
                   join rate_decks d on d.name = coalesce(o.rate_deck, $2)
                   where w.id = $1 and d.effective_from <= now()
                   order by d.effective_from desc limit 1
               )
               select r.id, r.prefix, r.direction::text as direction, r.rate_per_minute, r.connection_fee,
                      r.initial_increment_seconds, r.increment_seconds
               from deck join call_rates r on r.deck_id = deck.id
               where deck.is_in_currency and r.prefix = any($3)
                 and (r.direction = 'outbound' or r.direction is null)
               order by length(r.prefix) desc, r.direction nulls last limit 1"#,
            wallet_id,
            DEFAULT_DECK,
            &prefixes,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        // A check constraint admits 1 to 3600.
        let seconds = |value: i32| u32::try_from(value).unwrap_or(60);
        Ok(Some(Rate {
            id: row.id,
            prefix: row.prefix,
            direction: row.direction.as_deref().and_then(Direction::parse),
            rate_per_minute: money(row.rate_per_minute)?,
            connection_fee: money(row.connection_fee)?,
            initial_increment_seconds: seconds(row.initial_increment_seconds),
            increment_seconds: seconds(row.increment_seconds),
        }))
    }
}
