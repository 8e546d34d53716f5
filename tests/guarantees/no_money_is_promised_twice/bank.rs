//! Postgres and the queue, in memory: balances, authorizations, legs, and the decisions that wait to be taken in. Each
//! function is one commit, in the words of the worker's statements.

use std::collections::BTreeMap;

use curbe_domain::money::Money;
use curbe_domain::rating::Rate;
use curbe_domain::rating::funding::price_of;
use curbe_platform::credit::{Dropped, Hold, Kind, WalletState};
use uuid::Uuid;

/// A wallet's row.
#[derive(Debug)]
pub(super) struct Wallet {
    pub(super) id: Uuid,
    pub(super) balance: i64,
    pub(super) version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Authorized,
    /// Settled, captured, released or expired.
    Closed,
    Withdrawn,
}

/// What was decided, as it goes through the queue and stands in its table.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    pub(super) wallet: usize,
    /// None: it is a purchase.
    pub(super) leg: Option<usize>,
    pub(super) hold: String,
    pub(super) amount: i64,
    pub(super) seconds: u32,
    pub(super) due: i64,
    pub(super) status: Status,
}

#[derive(Clone, Debug)]
pub(super) enum Decision {
    Authorized(u64, Authorization),
    Withdrawn(u64, Authorization),
}

/// How a leg ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) price: i64,
    /// The number of decisions before its end in the queue; none: nobody ever told of it.
    pub(super) after: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) wallet: usize,
    /// What its caller may talk for, once he was told.
    pub(super) answered: Option<(i64, u32)>,
    /// When it is cut, then.
    pub(super) until: i64,
    pub(super) ended: Option<Ended>,
    pub(super) settled: bool,
}

/// Everything that is durable.
#[derive(Debug)]
pub(super) struct Bank {
    pub(super) rate: Rate,
    pub(super) wallets: Vec<Wallet>,
    pub(super) authorizations: BTreeMap<u64, Authorization>,
    pub(super) legs: Vec<Leg>,
    /// Decisions, and whether each is taken in.
    pub(super) queue: Vec<(Decision, bool)>,
    /// Purchases that were granted and are open.
    pub(super) granted: BTreeMap<u64, (usize, i64)>,
}

/// What is told of a commit.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    pub(super) wallets: Vec<WalletState>,
    pub(super) dropped: Vec<Dropped>,
}

impl Bank {
    /// Whether everything before this place of the queue is taken in.
    pub(super) fn has_passed(&self, end: usize) -> bool {
        self.queue[..end].iter().all(|(_, taken)| *taken)
    }

    pub(super) fn state(&self, wallet: usize) -> WalletState {
        let Wallet { id, balance, version } = self.wallets[wallet];
        WalletState {
            wallet_id: id,
            version,
            balance: money(balance),
            seq: version,
            status: "active".to_owned(),
            minimum_threshold: Money::ZERO,
        }
    }

    /// As `authorizations::open_of_wallet`: a leg that has asked twice holds once.
    pub(super) fn open_holds(&self, wallet: usize) -> Vec<Hold> {
        let mut holds: BTreeMap<&str, &Authorization> = BTreeMap::new();
        for one in self.open().filter(|one| one.wallet == wallet) {
            let most = holds.entry(&one.hold).or_insert(one);
            if one.amount > most.amount {
                *most = one;
            }
        }
        let hold = |one: &Authorization| Hold {
            hold: one.hold.clone(),
            kind: if one.leg.is_some() { Kind::Preflight } else { Kind::Other },
            amount: money(one.amount),
            purpose: "from the database".to_owned(),
        };
        holds.into_values().map(hold).collect()
    }

    fn open(&self) -> impl Iterator<Item = &Authorization> {
        self.authorizations.values().filter(|one| one.status == Status::Authorized)
    }

    pub(super) fn is_open(&self, wallet: usize, hold: &str) -> bool {
        self.open().any(|one| one.wallet == wallet && one.hold == hold)
    }

    /// Takes one decision in. News where its leg was settled already.
    pub(super) fn take_in(&mut self, at: usize) -> Option<News> {
        self.queue[at].1 = true;
        let (Decision::Authorized(_, told) | Decision::Withdrawn(_, told)) = &self.queue[at].0;
        let leg = told.leg?;
        match self.queue[at].0.clone() {
            Decision::Authorized(id, told) => {
                self.authorizations.entry(id).or_insert(told);
            }
            Decision::Withdrawn(id, told) => {
                self.authorizations.entry(id).or_insert(told).status = Status::Withdrawn;
            }
        }
        if !self.legs[leg].settled {
            return None;
        }
        let dropped = self.close(|one| one.leg == Some(leg));
        Some(News { wallets: vec![self.state(self.legs[leg].wallet)], dropped })
    }

    /// Closes what is open among these. Returns their holds.
    fn close(&mut self, which: impl Fn(&Authorization) -> bool) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        for one in self.authorizations.values_mut() {
            if one.status == Status::Authorized && which(one) {
                one.status = Status::Closed;
                let wallet_id = self.wallets[one.wallet].id;
                dropped.push(Dropped { wallet_id, hold: one.hold.clone() });
            }
        }
        dropped
    }

    /// Settles a leg that has ended: debit, version, authorizations in one commit.
    pub(super) fn settle(&mut self, leg: usize) -> Option<News> {
        let Leg { wallet, ended, .. } = self.legs[leg];
        self.legs[leg].settled = true;
        self.post(wallet, -ended.map_or(0, |ended| ended.price));
        let dropped = self.close(|one| one.leg == Some(leg));
        Some(News { wallets: vec![self.state(wallet)], dropped })
    }

    /// The holds of a settled leg once more.
    pub(super) fn repeat(&self, leg: usize) -> News {
        let of_leg = self.authorizations.values().filter(|one| one.leg == Some(leg));
        let over = of_leg.filter(|one| one.status == Status::Closed);
        let dropped = over
            .map(|one| Dropped { wallet_id: self.wallets[one.wallet].id, hold: one.hold.clone() });
        News { dropped: dropped.collect(), wallets: vec![self.state(self.legs[leg].wallet)] }
    }

    pub(super) fn post(&mut self, wallet: usize, amount: i64) {
        self.wallets[wallet].balance += amount;
        self.wallets[wallet].version += 1;
    }

    /// Captures or releases a purchase.
    pub(super) fn decide(&mut self, id: u64, captured: bool) -> Option<News> {
        self.granted.remove(&id);
        let one =
            self.authorizations.get_mut(&id).filter(|one| one.status == Status::Authorized)?;
        one.status = Status::Closed;
        let (wallet, amount, hold) = (one.wallet, one.amount, one.hold.clone());
        self.post(wallet, if captured { -amount } else { 0 });
        let wallet_id = self.wallets[wallet].id;
        let dropped = vec![Dropped { wallet_id, hold }];
        Some(News { wallets: vec![self.state(wallet)], dropped })
    }

    /// As `overdue::give_up_overdue`, once every end that was told is settled.
    pub(super) fn expire(&mut self, now: i64) -> Option<News> {
        let waits = |leg: &Leg| !leg.settled && leg.ended.is_some_and(|end| end.after.is_some());
        if !self.has_passed(self.queue.len()) || self.legs.iter().any(waits) {
            return None;
        }
        self.granted.retain(|id, _| self.authorizations[id].due >= now);
        let dropped = self.close(|one| one.due < now);
        let moved = |id| dropped.iter().any(|over| over.wallet_id == id);
        self.wallets.iter_mut().filter(|one| moved(one.id)).for_each(|one| one.version += 1);
        let all = (0..self.wallets.len()).filter(|one| moved(self.wallets[*one].id));
        Some(News { wallets: all.map(|wallet| self.state(wallet)).collect(), dropped })
    }

    /// What is promised of a wallet, by hold: to calls that run or are not settled yet, and to purchases.
    pub(super) fn promised(&self, wallet: usize) -> Vec<(String, i64)> {
        let of_leg = |(at, leg): (usize, &Leg)| {
            let (amount, _) = leg.answered.filter(|_| leg.wallet == wallet && !leg.settled)?;
            let amount = match leg.ended {
                None => amount,
                Some(Ended { after: Some(_), price }) => price,
                Some(Ended { after: None, .. }) => return None,
            };
            Some((hold_of_leg(at), amount))
        };
        let calls = self.legs.iter().enumerate().filter_map(of_leg);
        let purchases = self.granted.iter().filter(|(_, (of, _))| *of == wallet);
        calls.chain(purchases.map(|(id, (_, amount))| (hold_of_purchase(*id), *amount))).collect()
    }

    pub(super) fn price(&self, seconds: u32) -> i64 {
        price_of(&self.rate, seconds).units()
    }
}

pub(super) fn hold_of_leg(leg: usize) -> String {
    format!("call:twilio:{leg}")
}

pub(super) fn hold_of_purchase(id: u64) -> String {
    format!("purchase:{id}")
}

pub(super) fn money(units: i64) -> Money {
    Money::from_units(units).unwrap()
}
