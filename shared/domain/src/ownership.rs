//! Whose call a leg is, and from which side he sees it. One function, for the call about to start and for its end.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::legs::Direction;
use crate::phone::Address;
use crate::providers::Provider;

/// A user and the organization whose wallet pays for him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user_id: Uuid,
    /// His organization.
    pub organization_id: Uuid,
}

/// A number as it was assigned for a time.
#[derive(Clone, Copy, Debug)]
pub struct NumberAssignment {
    /// To whom.
    pub member: Member,
    /// From this instant on; `None` for all time before the end.
    pub valid_from: Option<OffsetDateTime>,
    /// Until just before this instant; `None` while it lasts.
    pub valid_to: Option<OffsetDateTime>,
}

/// A client or SIP name, at one provider's account, one provider, or anywhere.
#[derive(Clone, Debug)]
pub struct IdentityAssignment {
    /// To whom.
    pub member: Member,
    /// At this provider alone.
    pub provider: Option<Provider>,
    /// In this account alone.
    pub account: Option<String>,
}

/// Everything assigned that a set of legs may refer to.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// By number in E.164.
    pub numbers: HashMap<String, Vec<NumberAssignment>>,
    /// By canonical name, see [`Address::Identity`].
    pub identities: HashMap<String, Vec<IdentityAssignment>>,
    /// The organization of a provider's account, project or connection.
    pub accounts: HashMap<(Provider, String), Uuid>,
}

/// The two ends of a leg and what surrounds them.
#[derive(Clone, Debug)]
pub struct Parties<'a> {
    /// Who carries the leg.
    pub provider: Provider,
    /// In which account.
    pub account: Option<&'a str>,
    /// `From`.
    pub from: Address,
    /// `To`.
    pub to: Address,
    /// The provider's word on the direction.
    pub direction: Option<Direction>,
    /// When the call started.
    pub at: OffsetDateTime,
}

/// Who pays, and how he sees the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The organization whose wallet pays.
    pub organization_id: Uuid,
    /// The user of the identity or number; `None`: the wallet's holder.
    pub user_id: Option<Uuid>,
    /// The customer's direction.
    pub direction: Direction,
}

/// Why a leg has no owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnershipError {
    /// Neither the account nor the customer's side of the leg belongs to anybody.
    #[error("neither the account nor the customer's side of the call is assigned to anybody")]
    Unknown,
    /// Account, identity and number belong to different organizations.
    #[error(
        "the account belongs to organization {account}, the customer's side of the call to {side}"
    )]
    Conflict {
        /// The organization of the account.
        account: Uuid,
        /// The organization of the identity or number.
        side: Uuid,
    },
}

impl Directory {
    /// Finds the owner of a leg: the organization of the account, else of the identity or number on the customer's
    /// side. The other side is never looked at.
    ///
    /// # Errors
    /// [`OwnershipError`] when nobody is found, or when account and customer's side disagree.
    pub fn owner(&self, parties: &Parties<'_>) -> Result<Owner, OwnershipError> {
        let direction = self.direction(parties);
        let side = self.member(
            parties,
            match direction {
                Direction::Outbound => &parties.from,
                Direction::Inbound => &parties.to,
            },
        );
        let account = parties.account.and_then(|account| {
            self.accounts.get(&(parties.provider, account.to_owned())).copied()
        });
        let owner = |organization_id, user_id| Ok(Owner { organization_id, user_id, direction });
        match (account, side) {
            (Some(account), Some(side)) if account != side.organization_id => {
                Err(OwnershipError::Conflict { account, side: side.organization_id })
            }
            (_, Some(side)) => owner(side.organization_id, Some(side.user_id)),
            (Some(account), None) => owner(account, None),
            (None, None) => Err(OwnershipError::Unknown),
        }
    }

    /// The customer's direction; the provider's word where nothing else decides it.
    fn direction(&self, parties: &Parties<'_>) -> Direction {
        let word = parties.direction.unwrap_or(Direction::Outbound);
        self.own_direction(parties).unwrap_or(word)
    }

    /// A softphone's outgoing call is `inbound` in Twilio's words; what is ours decides before the provider's word.
    /// `None` where only that word can decide.
    #[must_use]
    pub fn own_direction(&self, parties: &Parties<'_>) -> Option<Direction> {
        let is_client = |address: &Address| matches!(address, Address::Identity(name) if name.starts_with("client:"));
        let is_ours = |address: &Address| self.member(parties, address).is_some();
        let from_is_identity = matches!(parties.from, Address::Identity(_));
        if is_client(&parties.from) || (from_is_identity && is_ours(&parties.from)) {
            return Some(Direction::Outbound);
        }
        match (is_ours(&parties.from), is_ours(&parties.to)) {
            (true, false) => Some(Direction::Outbound),
            (false, true) => Some(Direction::Inbound),
            (true, true) | (false, false) => None,
        }
    }

    fn member(&self, parties: &Parties<'_>, address: &Address) -> Option<Member> {
        match address {
            Address::Number(number) => self
                .numbers
                .get(number.as_str())?
                .iter()
                .find(|assignment| {
                    assignment.valid_from.is_none_or(|from| from <= parties.at)
                        && assignment.valid_to.is_none_or(|to| parties.at < to)
                })
                .map(|assignment| assignment.member),
            Address::Identity(name) => self
                .identities
                .get(name)?
                .iter()
                .filter(|identity| identity.applies_to(parties))
                .max_by_key(|identity| (identity.account.is_some(), identity.provider.is_some()))
                .map(|identity| identity.member),
            Address::Other => None,
        }
    }
}

impl IdentityAssignment {
    fn applies_to(&self, parties: &Parties<'_>) -> bool {
        self.provider.is_none_or(|provider| provider == parties.provider)
            && self.account.as_deref().is_none_or(|account| parties.account == Some(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const ACME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const ALICE: Member = Member { user_id: Uuid::from_u128(11), organization_id: ACME };
    const BOB: Member = Member { user_id: Uuid::from_u128(12), organization_id: OTHER };

    fn directory() -> Directory {
        let march = datetime!(2026-03-01 0:00 UTC);
        let number =
            |member, valid_from, valid_to| NumberAssignment { member, valid_from, valid_to };
        let identity = |member, account: Option<&str>| IdentityAssignment {
            member,
            provider: Some(Provider::Twilio),
            account: account.map(str::to_owned),
        };
        Directory {
            numbers: HashMap::from([
                (
                    "+14150000001".to_owned(),
                    vec![number(ALICE, None, Some(march)), number(BOB, Some(march), None)],
                ),
                ("+14150000002".to_owned(), vec![number(ALICE, None, None)]),
            ]),
            identities: HashMap::from([
                (
                    "client:alice".to_owned(),
                    vec![identity(BOB, None), identity(ALICE, Some("AC1"))],
                ),
                ("sip:bob@example.com".to_owned(), vec![identity(BOB, None)]),
            ]),
            accounts: HashMap::from([((Provider::Twilio, "AC9".to_owned()), OTHER)]),
        }
    }

    fn owner(
        account: &str,
        from: &str,
        to: &str,
        direction: Option<Direction>,
    ) -> Result<Owner, OwnershipError> {
        directory().owner(&Parties {
            provider: Provider::Twilio,
            account: Some(account),
            from: Address::parse(from),
            to: Address::parse(to),
            direction,
            at: datetime!(2026-04-01 0:00 UTC),
        })
    }

    fn owned(member: Member, direction: Direction) -> Result<Owner, OwnershipError> {
        Ok(Owner {
            organization_id: member.organization_id,
            user_id: Some(member.user_id),
            direction,
        })
    }

    #[test]
    fn the_customers_side_decides() {
        use Direction::{Inbound, Outbound};
        for (account, from, to, word, expected) in [
            ("AC0", "+14150000002", "+34911111111", Some(Inbound), owned(ALICE, Outbound)),
            ("AC0", "+34911111111", "+14150000002", Some(Outbound), owned(ALICE, Inbound)),
            // Both ours: the provider's word, and the other side's owner is never looked at.
            ("AC0", "+14150000001", "+14150000002", Some(Outbound), owned(BOB, Outbound)),
            ("AC0", "+14150000001", "+14150000002", Some(Inbound), owned(ALICE, Inbound)),
            // A softphone's call is outbound whatever Twilio says, and its name belongs to its account.
            ("AC1", "client:alice", "+14150000002", Some(Inbound), owned(ALICE, Outbound)),
            ("AC2", "client:alice", "+34911111111", Some(Inbound), owned(BOB, Outbound)),
            (
                "AC0",
                "sip:bob@EXAMPLE.com:5060",
                "+34911111111",
                Some(Inbound),
                owned(BOB, Outbound),
            ),
            // A stranger's SIP address says nothing.
            ("AC0", "sip:eve@evil.example", "+14150000002", None, owned(ALICE, Inbound)),
            ("AC0", "anonymous", "+34911111111", Some(Inbound), Err(OwnershipError::Unknown)),
        ] {
            assert_eq!(owner(account, from, to, word), expected, "{account} {from} -> {to}");
        }
    }

    #[test]
    fn a_number_belongs_to_whom_it_was_assigned_at_the_calls_start() {
        let mut parties = Parties {
            provider: Provider::Twilio,
            account: None,
            from: Address::parse("+14150000001"),
            to: Address::Other,
            direction: None,
            at: datetime!(2026-02-28 23:59:59 UTC),
        };
        assert_eq!(directory().owner(&parties), owned(ALICE, Direction::Outbound));
        parties.at = datetime!(2026-03-01 0:00 UTC);
        assert_eq!(directory().owner(&parties), owned(BOB, Direction::Outbound));
    }

    #[test]
    fn an_assigned_account_owns_and_contradicts() {
        let holder =
            Ok(Owner { organization_id: OTHER, user_id: None, direction: Direction::Outbound });
        assert_eq!(owner("AC9", "+34911111111", "+34922222222", Some(Direction::Outbound)), holder);
        assert_eq!(
            owner("AC9", "+14150000002", "+34922222222", None),
            Err(OwnershipError::Conflict { account: OTHER, side: ACME })
        );
    }
}
