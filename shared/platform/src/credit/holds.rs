//! Money set aside before it is spent. Placed and confirmed by scripts, so that no two can have the same money.

use std::sync::LazyLock;

use ::redis::{AsyncCommands, Script};
use curbe_domain::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    CreditCache, CreditError, DECISION_BUDGET, EPOCH, INDEX, SWEEP_BUDGET, epoch_prefix, holds_key,
    wallet_key, within,
};

static PLACE_HOLD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("place_hold.lua")));
static DROP_HOLD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("drop_hold.lua")));
static CONFIRM_HOLD: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("confirm_hold.lua")));

/// Who has set something aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pre-flight, for a call; asked again it has what it had.
    Preflight,
    /// The backend, for a call that will ask; pre-flight takes it over.
    Announced,
    /// The backend, for anything else.
    Other,
}

impl Kind {
    /// The letter in the cache.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Preflight => 'p',
            Self::Announced => 'g',
            Self::Other => 'o',
        }
    }
}

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Less is of no use.
    pub least: Money,
    /// What may always be taken, however little is left then.
    pub usual: Money,
    /// The most.
    pub most: Money,
    /// Above the usual, the part of what is available, in percent.
    pub share_percent: u32,
    /// Whether the balance must reach the wallet's threshold.
    pub keeps_threshold: bool,
    /// As many calls may run at once.
    pub calls_max: Option<u32>,
}

impl Wanted {
    /// This amount and no other, down to the last cent.
    #[must_use]
    pub fn exactly(amount: Money) -> Self {
        Self {
            least: amount,
            usual: amount,
            most: amount,
            share_percent: 0,
            keeps_threshold: false,
            calls_max: None,
        }
    }
}

/// A hold that is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Whose money.
    pub wallet_id: Uuid,
    /// Its name among the holds of the wallet. One of that name is replaced, unless it is pre-flight's own.
    pub hold: &'a str,
    /// Who asks.
    pub kind: Kind,
    /// What it is for; told again to who asks again.
    pub purpose: &'a str,
    /// How much.
    pub wanted: Wanted,
    /// The time.
    pub now: OffsetDateTime,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is set aside.
    New(Taken),
    /// It was set aside before, for this.
    Again(Taken, String),
    /// It is not.
    Refused(Refused),
    /// The wallet is not believed: it must be loaded first.
    NotLoaded,
}

/// Why nothing is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not enough money, or below the threshold.
    InsufficientFunds {
        /// What the ledger adds up to.
        balance: Money,
        /// That, less what is held.
        available: Money,
    },
    /// Enough, but held for something else.
    FundsInUse {
        /// What the ledger adds up to.
        balance: Money,
        /// That, less what is held.
        available: Money,
    },
    /// The wallet is suspended.
    Suspended,
    /// As many calls run as may run at once.
    TooManyCalls,
}

/// Money set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How much.
    pub amount: Money,
    /// What the ledger adds up to.
    pub balance: Money,
    /// Everything held, this included.
    pub held: Money,
}

impl Taken {
    /// What is left.
    #[must_use]
    pub fn available(&self) -> Money {
        self.balance.checked_sub(self.held).unwrap_or(Money::ZERO)
    }
}

/// What a second look finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// It is set aside, still or again.
    Held,
    /// There is not enough for it any more: it was not there, or others were brought in with the same money.
    Lost,
    /// The wallet is not believed: it must be loaded first.
    NotLoaded,
}

impl CreditCache {
    /// Sets money aside, or says why not.
    ///
    /// # Errors
    /// [`CreditError`]: it may have happened. Asked again under the same name, it happens once.
    pub async fn place(&self, ask: &Ask<'_>) -> Result<Placed, CreditError> {
        let mut connection = self.connection()?;
        let wanted = &ask.wanted;
        let mut call = PLACE_HOLD.key(EPOCH);
        call.key(wallet_key(ask.wallet_id))
            .key(holds_key(ask.wallet_id))
            .key(INDEX)
            .arg(epoch_prefix(&connection))
            .arg(ask.wallet_id.to_string())
            .arg(ask.hold)
            .arg(ask.kind.letter().to_string())
            .arg(ask.purpose)
            .arg(ask.now.unix_timestamp())
            .arg(wanted.least.units())
            .arg(wanted.usual.units())
            .arg(wanted.most.units())
            .arg(wanted.share_percent)
            .arg(i32::from(wanted.keeps_threshold))
            .arg(wanted.calls_max.unwrap_or(0));
        let placed: (String, i64, i64, i64, String) =
            within(DECISION_BUDGET, call.invoke_async(&mut connection.commands)).await?;
        Ok(placed_as(placed))
    }

    /// Looks at a call's hold once more, and sets it aside again where it is gone. It is not held where a wallet holds more
    /// than there is: then not all that is set aside can be promised. Nobody takes it for left behind as long as `seen_at`
    /// is not long past; what somebody else has said of a later time stands.
    ///
    /// # Errors
    /// [`CreditError`]: nobody knows then.
    pub async fn confirm(
        &self,
        wallet_id: Uuid,
        hold: &str,
        amount: Money,
        purpose: &str,
        seen_at: OffsetDateTime,
    ) -> Result<Confirmed, CreditError> {
        self.look_again(wallet_id, hold, amount, (purpose, false), seen_at).await
    }

    /// The same for a call that goes on already: its money counts, also where it is not there any more.
    ///
    /// # Errors
    /// [`CreditError`]: nobody knows then.
    pub async fn restore(
        &self,
        wallet_id: Uuid,
        hold: &str,
        amount: Money,
        purpose: &str,
        seen_at: OffsetDateTime,
    ) -> Result<Confirmed, CreditError> {
        self.look_again(wallet_id, hold, amount, (purpose, true), seen_at).await
    }

    async fn look_again(
        &self,
        wallet_id: Uuid,
        hold: &str,
        amount: Money,
        (purpose, goes_on): (&str, bool),
        seen_at: OffsetDateTime,
    ) -> Result<Confirmed, CreditError> {
        let mut connection = self.connection()?;
        let mut call = CONFIRM_HOLD.key(EPOCH);
        call.key(wallet_key(wallet_id))
            .key(holds_key(wallet_id))
            .key(INDEX)
            .arg(epoch_prefix(&connection))
            .arg(wallet_id.to_string())
            .arg(hold)
            .arg(amount.units())
            .arg(purpose)
            .arg(seen_at.unix_timestamp())
            .arg(i32::from(goes_on));
        let found: String =
            within(DECISION_BUDGET, call.invoke_async(&mut connection.commands)).await?;
        Ok(match found.as_str() {
            "held" => Confirmed::Held,
            "lost" => Confirmed::Lost,
            _ => Confirmed::NotLoaded,
        })
    }

    /// Gives a hold back that nothing stands behind, unless somebody has looked at it after `seen_until`. Returns whether
    /// it was there.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen, or may not have happened.
    pub async fn drop_hold(
        &self,
        wallet_id: Uuid,
        hold: &str,
        seen_until: OffsetDateTime,
    ) -> Result<bool, CreditError> {
        let mut connection = self.connection()?;
        let mut call = DROP_HOLD.key(wallet_key(wallet_id));
        call.key(holds_key(wallet_id))
            .key(INDEX)
            .arg(wallet_id.to_string())
            .arg(hold)
            .arg(seen_until.unix_timestamp());
        within(SWEEP_BUDGET, call.invoke_async(&mut connection.commands)).await
    }

    /// Gives back what the backend had set aside for a call, unless pre-flight has taken it over. Returns whether it was
    /// there.
    ///
    /// # Errors
    /// [`CreditError`] when it did not happen, or may not have happened.
    pub async fn drop_announced(&self, wallet_id: Uuid, hold: &str) -> Result<bool, CreditError> {
        const WHENEVER_SEEN: u32 = u32::MAX;
        let mut connection = self.connection()?;
        let mut call = DROP_HOLD.key(wallet_key(wallet_id));
        call.key(holds_key(wallet_id))
            .key(INDEX)
            .arg(wallet_id.to_string())
            .arg(hold)
            .arg(WHENEVER_SEEN)
            .arg(Kind::Announced.letter().to_string());
        within(SWEEP_BUDGET, call.invoke_async(&mut connection.commands)).await
    }

    /// Counts another one of something within ten minutes; returns how many there are by now.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn count_refusal(&self, who: &str) -> Result<u64, CreditError> {
        const REMEMBERED_SECONDS: i64 = 600;
        let key = format!("refusals:{who}");
        let mut pipeline = ::redis::pipe();
        pipeline.incr(&key, 1_u8).expire(&key, REMEMBERED_SECONDS).ignore();
        let mut connection = self.connection()?;
        let counted = pipeline.query_async::<(u64,)>(&mut connection.commands);
        Ok(within(DECISION_BUDGET, counted).await?.0)
    }

    /// The holds that nobody has looked at since, each with its wallet, some at a time.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn holds_not_seen_since(
        &self,
        since: OffsetDateTime,
        limit: isize,
    ) -> Result<Vec<(Uuid, String)>, CreditError> {
        let mut connection = self.connection()?;
        let until = since.unix_timestamp();
        let found = connection.commands.zrangebyscore_limit(INDEX, "-inf", until, 0, limit);
        let members: Vec<String> = within(SWEEP_BUDGET, found).await?;
        let parts = |member: &String| {
            let (wallet_id, hold) = member.split_once(' ')?;
            Some((Uuid::try_parse(wallet_id).ok()?, hold.to_owned()))
        };
        Ok(members.iter().filter_map(parts).collect())
    }

    /// Notes that holds were looked at, and are right; not of those that need not be looked at before a later time.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn holds_seen(
        &self,
        holds: &[(Uuid, String)],
        now: OffsetDateTime,
    ) -> Result<(), CreditError> {
        self.mark(holds, &["XX", "GT"], now).await
    }

    /// Notes that what was decided about holds is in the queue: from now on they are looked at like all others.
    ///
    /// # Errors
    /// [`CreditError`] when Redis did not answer.
    pub async fn holds_queued(
        &self,
        holds: &[(Uuid, String)],
        now: OffsetDateTime,
    ) -> Result<(), CreditError> {
        self.mark(holds, &["XX"], now).await
    }

    /// Only those that are there: one may have gone meanwhile.
    async fn mark(
        &self,
        holds: &[(Uuid, String)],
        which: &[&str],
        seen_at: OffsetDateTime,
    ) -> Result<(), CreditError> {
        if holds.is_empty() {
            return Ok(());
        }
        let mut pipeline = ::redis::pipe();
        for (wallet_id, hold) in holds {
            let member = format!("{wallet_id} {hold}");
            pipeline
                .cmd("ZADD")
                .arg(INDEX)
                .arg(which)
                .arg(seen_at.unix_timestamp())
                .arg(member)
                .ignore();
        }
        let mut connection = self.connection()?;
        within(SWEEP_BUDGET, pipeline.query_async::<()>(&mut connection.commands)).await
    }
}

fn placed_as((what, amount, balance, others, purpose): (String, i64, i64, i64, String)) -> Placed {
    // All of them are balances and parts of balances.
    let money = |units| Money::from_units(units).unwrap_or(Money::ZERO);
    let (amount, balance) = (money(amount), money(balance));
    let available = money(balance.units() - others);
    let taken = Taken { amount, balance, held: money(others + amount.units()) };
    match what.as_str() {
        "placed" => Placed::New(taken),
        "again" => Placed::Again(taken, purpose),
        "insufficient_funds" => Placed::Refused(Refused::InsufficientFunds { balance, available }),
        "funds_in_use" => Placed::Refused(Refused::FundsInUse { balance, available }),
        "suspended" => Placed::Refused(Refused::Suspended),
        "too_many_calls" => Placed::Refused(Refused::TooManyCalls),
        _ => Placed::NotLoaded,
    }
}
