//! Whose the call is, where it goes and at which rate: by the same rules as at its end.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::answer::Target;
use super::reason::{Language, Reason};
use crate::legs::{Direction, LegFacts};
use crate::ownership::{Directory, Owner, Parties};
use crate::phone::{Address, E164};
use crate::providers::Provider;
use crate::rating::Rate;
use crate::rating::deck::Decks;

/// What the cache knows of everything that a call refers to.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Who owns what.
    pub directory: Directory,
    /// The organizations in it.
    pub organizations: HashMap<Uuid, Organization>,
    /// Where the calls of numbers go that are assigned now.
    pub targets: HashMap<String, String>,
    /// The numbers that users have now.
    pub numbers: HashMap<Uuid, Vec<OwnNumber>>,
    /// The decks of those organizations, with the rates of the called number.
    pub decks: Decks,
}

/// A customer, as far as calls that begin need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Who pays; one without a user has no wallet yet.
    pub wallet_id: Option<Uuid>,
    /// The name of the deck that calls are rated by.
    pub rate_deck: String,
    /// ISO 4217.
    pub currency: String,
    /// What its people are told in.
    pub language: Language,
    /// As many calls may run at once.
    pub calls_max: Option<u32>,
    /// Numbers that its people may not call, by prefix, digits alone.
    pub blocked_prefixes: Vec<String>,
}

/// A number that a user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnNumber {
    /// With its `+`.
    pub number: String,
    /// Who carries it.
    pub provider: Provider,
}

/// What holds for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Numbers that nobody may call, by prefix, digits alone.
    pub blocked_prefixes: Vec<String>,
    /// The language of those whose organization is not known.
    pub language: Language,
}

/// What is to be done with a call that has asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Money is to be set aside for it.
    Fund(Box<Fundable>),
    /// It came in for a customer and goes to him; nobody is asked for money.
    Connect(Target),
    /// It came in for a number whose calls go nowhere.
    Reject,
    /// It may not begin.
    Refuse {
        /// Why.
        reason: Reason,
        /// Told in which language.
        language: Language,
    },
}

/// A call that may begin if there is money for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fundable {
    /// Who pays.
    pub wallet_id: Uuid,
    /// The user; `None`: the wallet's holder.
    pub user_id: Option<Uuid>,
    /// The number that it is rated by.
    pub number: E164,
    /// At which rate.
    pub rate: Rate,
    /// As many calls may run at once.
    pub calls_max: Option<u32>,
    /// What the caller is told in.
    pub language: Language,
    /// Whom he reaches.
    pub target: Target,
    /// The number shown to him.
    pub caller_id: Option<String>,
    /// It came in for a customer: whoever calls is a stranger, and his business is not what the customer has left.
    pub is_forwarded: bool,
}

/// Decides about a leg that asks at `now`.
#[must_use]
pub fn plan(leg: &LegFacts, known: &Known, policy: &Policy, now: OffsetDateTime) -> Plan {
    let parties = parties(leg, now);
    let Ok(owner) = known.directory.owner(&parties) else {
        return refuse(Reason::UnknownCaller, policy.language);
    };
    let Some(organization) = known.organizations.get(&owner.organization_id) else {
        return refuse(Reason::UnknownCaller, policy.language);
    };
    let call = Call { leg, parties, known, policy, owner, organization, now };
    match owner.direction {
        Direction::Outbound => call.outbound(),
        Direction::Inbound => call.inbound(),
    }
}

fn refuse(reason: Reason, language: Language) -> Plan {
    Plan::Refuse { reason, language }
}

struct Call<'a> {
    leg: &'a LegFacts,
    parties: Parties<'a>,
    known: &'a Known,
    policy: &'a Policy,
    owner: Owner,
    organization: &'a Organization,
    now: OffsetDateTime,
}

impl Call<'_> {
    fn outbound(&self) -> Plan {
        let caller_id = match &self.parties.from {
            Address::Number(number) => Some(number.to_string()),
            Address::Identity(_) | Address::Other => self.own_number(),
        };
        match self.parties.to.number() {
            Some(number) => self.funded(number, caller_id, false),
            // Nobody's price list has a softphone in it.
            None => refuse(Reason::NoRate, self.organization.language),
        }
    }

    /// A forwarded call is a call to where it is forwarded to.
    fn inbound(&self) -> Plan {
        let target = self.leg.to.as_deref().and_then(|to| self.known.targets.get(to.trim()));
        match target.and_then(|target| Target::parse(target)) {
            None => Plan::Reject,
            Some(Target::Number(number)) => {
                let funded = E164::parse(&number)
                    .map(|number| self.funded(&number, self.forwarded_from(), true));
                match funded {
                    Some(Plan::Refuse { .. }) | None => Plan::Reject,
                    Some(plan) => plan,
                }
            }
            Some(target @ (Target::Client(_) | Target::Sip(_))) => Plan::Connect(target),
        }
    }

    fn funded(&self, number: &E164, caller_id: Option<String>, is_forwarded: bool) -> Plan {
        let Organization { rate_deck, currency, language, .. } = self.organization;
        let Some(wallet_id) = self.organization.wallet_id else {
            return refuse(Reason::UnknownCaller, *language);
        };
        if self.is_blocked(number) {
            return refuse(Reason::DestinationBlocked, *language);
        }
        let found = self.known.decks.rate(rate_deck, self.now, number, Direction::Outbound);
        // A deck that comes into force later has no price yet.
        let found = found.filter(|found| !found.rated_late && found.deck.currency == *currency);
        let Some(found) = found else { return refuse(Reason::NoRate, *language) };
        Plan::Fund(Box::new(Fundable {
            wallet_id,
            user_id: self.owner.user_id,
            number: number.clone(),
            rate: found.rate.clone(),
            calls_max: self.organization.calls_max,
            language: *language,
            target: Target::Number(number.to_string()),
            caller_id,
            is_forwarded,
        }))
    }

    fn is_blocked(&self, number: &E164) -> bool {
        let of_all = self.policy.blocked_prefixes.iter();
        let mut blocked = of_all.chain(&self.organization.blocked_prefixes);
        blocked.any(|prefix| number.digits().starts_with(prefix.as_str()))
    }

    /// A softphone has no number to show; its user may have one at this provider.
    fn own_number(&self) -> Option<String> {
        let numbers = self.known.numbers.get(&self.owner.user_id?)?;
        let own = numbers.iter().find(|own| own.provider == self.parties.provider)?;
        Some(own.number.clone())
    }

    /// Who called is shown; an anonymous caller shows the number that was called.
    fn forwarded_from(&self) -> Option<String> {
        let number = self.parties.from.number().or_else(|| self.parties.to.number());
        number.map(ToString::to_string)
    }
}

fn parties(leg: &LegFacts, at: OffsetDateTime) -> Parties<'_> {
    let address = |text: &Option<String>| text.as_deref().map_or(Address::Other, Address::parse);
    Parties {
        provider: leg.key.provider,
        account: leg.account.as_deref(),
        from: address(&leg.from),
        to: address(&leg.to),
        direction: leg.direction,
        at,
    }
}
