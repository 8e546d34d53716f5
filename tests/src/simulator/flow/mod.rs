//! Random traffic that the same seed makes again: webhooks in a shuffled order with everything that goes wrong in
//! between, and the facts that must come of them.

use time::OffsetDateTime;
use uuid::Uuid;

use super::maker::Maker;
use super::sign::{Signer, Webhook};
use super::twilio::{ACCOUNT, TwilioCall};

/// Where the hangups go.
pub const VOICE_EVENTS: &str = "/api/webhooks/voice-events";

/// Who makes and takes the calls.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Who pays.
    pub wallet: Uuid,
    /// A number that is his alone.
    pub number: String,
    /// His softphone, `client:alice`, if he has one.
    pub softphone: Option<String>,
}

/// What the traffic is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The same seed makes the same traffic.
    pub seed: u64,
    /// How many calls; some have two legs.
    pub calls: usize,
    /// Beginnings of the numbers on the other side, for example `+5255`.
    pub prefixes: Vec<String>,
    /// Each webhook comes once at least and this often at most.
    pub copies: usize,
    /// Hangups with a wrong signature.
    pub forged: usize,
    /// Hangups that are signed but cannot be charged.
    pub unusable: usize,
    /// `AccountSid`.
    pub account: String,
    /// The last call ends then, the others within the hour before.
    pub until: OffsetDateTime,
}

impl Plan {
    /// So many calls with some of everything, ending now.
    #[must_use]
    pub fn new(seed: u64, calls: usize) -> Self {
        Self {
            seed,
            calls,
            prefixes: ["+5255", "+52", "+1415", "+34", "+44"].map(str::to_owned).to_vec(),
            copies: 3,
            forged: calls.div_ceil(20),
            unusable: calls.div_ceil(50),
            account: ACCOUNT.to_owned(),
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
}

/// A leg that must stand in the books.
#[derive(Clone, Debug)]
pub struct ExpectedLeg {
    /// Its facts: id, from, to, status, seconds.
    pub call: TwilioCall,
    /// Who pays for it, or for the leg that covers it.
    pub wallet: Uuid,
    /// From the customer's side.
    pub outbound: bool,
    /// The number that its rate is looked up by.
    pub rated_number: String,
    /// Paid with its parent: neither log nor charge of its own.
    pub covered: bool,
    /// The recording that must be in its log.
    pub recording_url: Option<String>,
}

/// Why a signed hangup must end among the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// `CallDuration` is no number.
    Unreadable,
    /// There are minutes, but no seconds.
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
/// Without customers or prefixes, since nobody could call anybody.
#[must_use]
pub fn traffic(plan: &Plan, customers: &[Customer], signer: &Signer) -> Traffic {
    let mut maker = Maker::new(plan, customers, signer);
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
