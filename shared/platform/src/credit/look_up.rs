//! Everything that a call which begins refers to, in one round trip.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use ::redis::Script;
use curbe_domain::legs::LegFacts;
use curbe_domain::ownership::{Directory, IdentityAssignment, Member, NumberAssignment};
use curbe_domain::phone::Address;
use curbe_domain::preflight::{Known, Language, Organization, OwnNumber};
use curbe_domain::providers::Provider;
use curbe_domain::rating::Rate;
use curbe_domain::rating::deck::Deck;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::dialled;
use super::{
    AccountEntry, CreditCache, CreditError, DECISION_BUDGET, DeckEntry, EPOCH, Field,
    IdentityEntry, NumberEntry, OrganizationEntry, UserNumber, epoch_prefix, within,
};

static LOOK_UP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("look_up.lua")));

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    fields: Vec<Field>,
    number: String,
    now: OffsetDateTime,
}

/// Fields, organizations, decks and rates, each as names and values in turn.
type Gathered = (Vec<String>, Vec<String>, Vec<String>, Vec<String>);

impl Question {
    /// About a leg that asks at `now`.
    #[must_use]
    pub fn of(leg: &LegFacts, now: OffsetDateTime) -> Self {
        let provider = leg.key.provider;
        let mut fields = Vec::new();
        for text in [&leg.from, &leg.to].into_iter().flatten() {
            match Address::parse(text) {
                Address::Number(number) => fields.push(Field::Number(number.to_string())),
                Address::Identity(name) => fields.push(Field::Identity(name)),
                Address::Other => {}
            }
        }
        fields.extend(leg.account.clone().map(|id| Field::Account(provider.as_str(), id)));
        fields.dedup();
        Self { fields, number: dialled(leg.to.as_deref()), now }
    }
}

impl CreditCache {
    /// What the cache knows of it; `None` where it does not know everything.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn look_up(&self, question: &Question) -> Result<Option<Known>, CreditError> {
        let mut connection = self.connection()?;
        let mut call = LOOK_UP.key(EPOCH);
        call.arg(epoch_prefix(&connection)).arg(micros(question.now)).arg(&question.number);
        for field in &question.fields {
            call.arg(field.name());
        }
        let gathered: Option<Gathered> =
            within(DECISION_BUDGET, call.invoke_async(&mut connection.commands)).await?;
        gathered.map(|gathered| known(&gathered, question.now)).transpose()
    }
}

fn known(
    (fields, organizations, decks, rates): &Gathered,
    now: OffsetDateTime,
) -> Result<Known, CreditError> {
    let mut known = Known::default();
    for (name, value) in pairs(fields) {
        read_field(&mut known, name, value, micros(now))?;
    }
    for (id, value) in pairs(organizations) {
        let Ok(id) = Uuid::try_parse(id) else { continue };
        known.organizations.insert(id, organization(read(value)?));
    }
    let mut by_deck: HashMap<Uuid, Vec<Rate>> = HashMap::new();
    for (deck, value) in pairs(rates) {
        let Ok(deck) = Uuid::try_parse(deck) else { continue };
        by_deck.entry(deck).or_default().extend(read::<Vec<Rate>>(value)?);
    }
    let mut lists = Vec::new();
    for (name, value) in pairs(decks) {
        for entry in read::<Vec<DeckEntry>>(value)? {
            lists.push(Deck {
                rates: Arc::new(
                    by_deck.remove(&entry.id).unwrap_or_default().into_iter().collect(),
                ),
                id: entry.id,
                name: name.to_owned(),
                currency: entry.currency,
                effective_from: instant(entry.effective_from),
            });
        }
    }
    known.decks = lists.into_iter().collect();
    Ok(known)
}

fn read_field(known: &mut Known, name: &str, value: &str, now: i64) -> Result<(), CreditError> {
    let Directory { numbers, identities, accounts } = &mut known.directory;
    let is_now = |from: Option<i64>, to: Option<i64>| {
        from.is_none_or(|from| from <= now) && to.is_none_or(|to| now < to)
    };
    match name.split_once(':') {
        Some(("n", number)) => {
            for entry in read::<Vec<NumberEntry>>(value)? {
                let NumberEntry { user: user_id, organization: organization_id, .. } = entry;
                let member = Member { user_id, organization_id };
                let (valid_from, valid_to) = (entry.from.map(instant), entry.to.map(instant));
                let assignment = NumberAssignment { member, valid_from, valid_to };
                numbers.entry(number.to_owned()).or_default().push(assignment);
                if let Some(target) = entry.target.filter(|_| is_now(entry.from, entry.to)) {
                    known.targets.insert(number.to_owned(), target);
                }
            }
        }
        Some(("i", identity)) => {
            for entry in read::<Vec<IdentityEntry>>(value)? {
                let IdentityEntry { user: user_id, organization: organization_id, .. } = entry;
                let member = Member { user_id, organization_id };
                let provider = entry.provider.as_deref().and_then(Provider::parse);
                let assignment = IdentityAssignment { member, provider, account: entry.account };
                identities.entry(identity.to_owned()).or_default().push(assignment);
            }
        }
        Some(("a", account)) => {
            let Some((provider, account)) = account.split_once(':') else { return Ok(()) };
            let Some(provider) = Provider::parse(provider) else { return Ok(()) };
            for entry in read::<Vec<AccountEntry>>(value)? {
                accounts.insert((provider, account.to_owned()), entry.organization);
            }
        }
        Some(("u", user)) => {
            let Ok(user) = Uuid::try_parse(user) else { return Ok(()) };
            let own = read::<Vec<UserNumber>>(value)?.into_iter();
            let own = own.filter(|own| is_now(own.from, own.to)).filter_map(|own| {
                Some(OwnNumber { provider: Provider::parse(&own.provider)?, number: own.number })
            });
            known.numbers.insert(user, own.collect());
        }
        Some(_) | None => {}
    }
    Ok(())
}

fn organization(entry: OrganizationEntry) -> Organization {
    Organization {
        wallet_id: entry.wallet,
        rate_deck: entry.rate_deck,
        currency: entry.currency,
        language: Language::parse(&entry.language),
        calls_max: entry.calls_max,
        blocked_prefixes: entry.blocked_prefixes,
    }
}

fn pairs(flat: &[String]) -> impl Iterator<Item = (&str, &str)> {
    flat.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, CreditError> {
    Ok(serde_json::from_str(value)?)
}

fn micros(at: OffsetDateTime) -> i64 {
    // Fits for another 290,000 years.
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn instant(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
