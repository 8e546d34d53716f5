//! Random traffic that the same seed makes again: webhooks in a shuffled order with everything that goes wrong in
//! between, and the facts that must come of them.

mod expected;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::expected::{ExpectedLeg, Length};
use super::maker::Maker;
use super::sign::Webhook;
use super::signalwire::FILES;
use super::signers::Signers;

/// Where the hangups go.
pub const VOICE_EVENTS: &str = "/api/webhooks/voice-events";
/// Where calls ask whether they may begin.
pub const VOICE_REQUEST: &str = "/api/webhooks/voice-request";

/// Who carries a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Twilio.
    Twilio,
    /// SignalWire.
    SignalWire,
    /// Telnyx.
    Telnyx,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Twilio, Self::SignalWire, Self::Telnyx];

    /// Its name in the books.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::SignalWire => "signalwire",
            Self::Telnyx => "telnyx",
        }
    }
}

/// Who makes and takes the calls.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Who pays.
    pub wallet: Uuid,
    /// A number that is his alone.
    pub number: String,
    /// His softphone, `client:alice`, if he has one.
    pub softphone: Option<String>,
    /// Whose number it is; `None`: all providers carry his calls.
    pub provider: Option<Provider>,
    /// The provider's account that is his organization's, if he has one.
    pub account: Option<String>,
}

impl Customer {
    /// Somebody with a number, whose calls all providers carry.
    #[must_use]
    pub fn new(wallet: Uuid, number: &str) -> Self {
        let number = number.to_owned();
        Self { wallet, number, softphone: None, provider: None, account: None }
    }
}

/// What the traffic is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The same seed makes the same traffic.
    pub seed: u64,
    /// How many calls; some have two legs.
    pub calls: usize,
    /// Who carries them, in equal parts.
    pub providers: Vec<Provider>,
    /// Beginnings of the numbers on the other side, for example `+5255`.
    pub prefixes: Vec<String>,
    /// Each event comes once at least and this often at most, every other time in other bytes.
    pub copies: u32,
    /// Hangups with a wrong signature.
    pub forged: usize,
    /// Hangups that are signed but cannot be charged.
    pub unusable: usize,
    /// Where SignalWire keeps recordings.
    pub files: String,
    /// The last call ends then, the others within the hour before. Everything is signed then.
    pub until: OffsetDateTime,
}

impl Plan {
    /// So many calls of all providers with some of everything, ending now.
    #[must_use]
    pub fn new(seed: u64, calls: usize) -> Self {
        Self {
            seed,
            calls,
            providers: Provider::ALL.to_vec(),
            prefixes: ["+5255", "+52", "+1415", "+34", "+44"].map(str::to_owned).to_vec(),
            copies: 3,
            forged: calls.div_ceil(20),
            unusable: calls.div_ceil(50),
            files: FILES.to_owned(),
            until: OffsetDateTime::now_utc(),
        }
    }
}

/// One request and the answer that it must get.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is sent.
    pub webhook: Webhook,
    /// Must be answered 403, else 2xx.
    pub forged: bool,
    /// Which event of the traffic it tells; a repeat tells the same one.
    pub event: usize,
}

/// Why a signed hangup must end among the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// `CallDuration` is no number.
    Unreadable,
    /// Minutes without seconds, or seconds of a call that nobody answered.
    DurationAmbiguous,
}

impl Unusable {
    /// The reason of the dead letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::DurationAmbiguous => "duration_ambiguous",
        }
    }
}

/// The requests, in the order to send them, and what must come of them.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Everything to send.
    pub requests: Vec<Request>,
    /// All that the books may hold.
    pub legs: Vec<ExpectedLeg>,
    /// Ids that must be found nowhere.
    pub forged: Vec<String>,
    /// Ids that must be found among the dead letters alone, and why.
    pub unusable: Vec<(String, Unusable)>,
}

/// Makes the traffic of a plan.
///
/// # Panics
/// Without prefixes, providers, or customers of one of them, since nobody could call anybody.
#[must_use]
pub fn traffic(plan: &Plan, customers: &[Customer], signers: &Signers) -> Traffic {
    let mut maker = Maker::new(plan, customers, signers);
    for _ in 0..plan.calls {
        maker.call();
    }
    for _ in 0..plan.forged {
        maker.forged();
    }
    for _ in 0..plan.unusable {
        maker.unusable();
    }
    maker.shuffled()
}

#[cfg(test)]
mod tests;
