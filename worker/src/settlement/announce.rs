//! What is told of a commit: the wallets for the cache, the frames for the browsers.

use curbe_domain::frames::{
    BalanceUpdated, CallLogView, Envelope, Frame, HeldNotice, HeldUpdated, NewCallLog, Published,
    RecordingReady, SeqNotice,
};
use curbe_domain::money::Money;
use curbe_platform::credit::{Dropped, Notice, WalletState};
use uuid::Uuid;

use super::pricing::Charged;
use crate::ledger::Posting;
use crate::store::call_logs::LoggedCall;
use crate::store::wallets::Standing;

/// Everything that Redis is told after a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// Wallets that moved.
    pub wallets: Vec<WalletState>,
    /// Frames, in the order of their numbers within a wallet.
    pub notices: Vec<Notice>,
    /// Holds that are over, of those wallets.
    pub dropped: Vec<Dropped>,
}

/// Whose frames are being written.
#[derive(Clone, Copy, Debug)]
struct Audience {
    wallet_id: Uuid,
    organization_id: Uuid,
    user_id: Option<Uuid>,
}

impl Audience {
    fn notice(self, frame: Frame) -> Notice {
        let envelope = Envelope {
            seq: frame.seq(),
            user_id: self.user_id,
            organization_id: self.organization_id,
            frame,
        };
        notice(self.wallet_id, envelope.seq, &Published::Frame(Box::new(envelope)))
    }
}

fn notice(wallet_id: Uuid, seq: i64, published: &Published) -> Notice {
    // Strings, numbers and times of this crate's own making: nothing in them can fail to be JSON.
    let message = serde_json::to_string(published).unwrap_or_default();
    Notice { wallet_id, seq, message }
}

/// How far a wallet has come, for those who may have missed something.
#[must_use]
pub fn progress(wallet_id: Uuid, seq: i64) -> Notice {
    notice(wallet_id, seq, &Published::Seq(SeqNotice { seq }))
}

/// What is set aside of a wallet. It takes no number.
#[must_use]
pub fn held(standing: &Standing) -> Notice {
    let data = HeldUpdated {
        held: standing.held,
        available: standing.available(),
        currency: standing.currency.clone(),
    };
    notice(standing.wallet_id, standing.seq, &Published::Held(HeldNotice { data }))
}

/// The frames of a call charged just now.
#[must_use]
pub fn charged(call: &Charged, organization_id: Uuid) -> Vec<Notice> {
    let log = &call.log;
    let charge = call.posting.as_ref().map(|posting| (posting.seq, posting.balance_after));
    call_frames(&log.view, log.wallet_id, organization_id, (log.seq, log.recording_seq), charge)
}

/// The frames of a call that was logged before.
#[must_use]
pub fn repeated(call: &LoggedCall) -> Vec<Notice> {
    let seqs = (call.seq, call.recording_seq);
    call_frames(&call.view, call.wallet_id, call.organization_id, seqs, call.charge)
}

/// The frame of a row of the ledger that is no call's.
#[must_use]
pub fn posted(posting: &Posting, organization_id: Uuid, currency: &str) -> Notice {
    let audience = Audience { wallet_id: posting.wallet_id, organization_id, user_id: None };
    audience.notice(balance_updated(posting.seq, posting.balance_after, None, currency))
}

fn call_frames(
    view: &CallLogView,
    wallet_id: Uuid,
    organization_id: Uuid,
    (log_seq, recording_seq): (i64, Option<i64>),
    charge: Option<(i64, Money)>,
) -> Vec<Notice> {
    let audience = Audience { wallet_id, organization_id, user_id: Some(view.user_id) };
    let balance = charge.map(|(seq, balance)| {
        balance_updated(seq, balance, Some(view.customer_price), &view.currency)
    });
    let log =
        Frame::NewCallLog { seq: log_seq, data: Box::new(NewCallLog { log_data: view.clone() }) };
    let recording = recording_seq.map(|seq| Frame::RecordingReady {
        seq,
        data: RecordingReady {
            call_log_id: view.id,
            recording_url: view.recording_url.clone(),
            recording_status: view.recording_status.clone(),
        },
    });
    balance.into_iter().chain([log]).chain(recording).map(|frame| audience.notice(frame)).collect()
}

fn balance_updated(seq: i64, balance: Money, cost: Option<Money>, currency: &str) -> Frame {
    let data = BalanceUpdated {
        new_balance: balance,
        last_call_cost: cost,
        currency: currency.to_owned(),
    };
    Frame::BalanceUpdated { seq, data }
}
