//! What must hold of a webhook's bytes, whatever they are. Asked by property tests with bodies that nearly are right, and
//! by the fuzz targets below `tests/fuzz`, which include this file, with whatever a machine comes up with.

use time::OffsetDateTime;
use time::macros::datetime;

use crate::authorization::hold_of_call;
use crate::legs::duration::{self, SECONDS_MAX};
use crate::legs::event::{EventError, ParsedEvent};
use crate::legs::{LegFacts, Outcome, RecordingStatus, Talk};
use crate::providers::{Classified, Kind, Provider, signalwire, telnyx, twilio};

/// When every body is taken to have arrived.
pub(crate) const RECEIVED_AT: OffsetDateTime = datetime!(2026-11-20 10:00:05 UTC);
/// What a column of time holds, and every reader can write down.
const FIRST_INSTANT: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);
const LAST_INSTANT: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999_999 UTC);
const LENGTH_MAX: usize = 200;

/// Reads a body as each of the services would: without a panic, without a contradiction, and nothing out of range comes
/// of it.
pub(crate) fn is_read_safely(provider: Provider, content_type: Option<&str>, body: &[u8]) {
    let (classified, parsed, asked) = match provider {
        Provider::Twilio => (
            twilio::classify(content_type, body),
            twilio::parse(content_type, body, RECEIVED_AT),
            twilio::asked(content_type, body),
        ),
        Provider::SignalWire => (
            signalwire::classify(content_type, body),
            signalwire::parse(content_type, body, RECEIVED_AT),
            signalwire::asked(content_type, body),
        ),
        Provider::Telnyx => (
            telnyx::classify(content_type, body),
            telnyx::parse(content_type, body, RECEIVED_AT),
            telnyx::asked(content_type, body),
        ),
    };
    agree(&classified, &parsed);
    for facts in [&parsed, &asked].into_iter().flatten() {
        is_usable(provider, facts);
    }
}

/// What ingest writes into the headers is what the worker finds in the body.
fn agree(classified: &Classified, parsed: &ParsedEvent) {
    let Classified::Queue(summary) = classified else {
        let says_nothing = parsed.as_ref().map_or(true, |facts| {
            facts.hangup.is_none() && facts.recording.is_none() && facts.billed.is_none()
        });
        assert!(says_nothing, "left out: {parsed:?}");
        return;
    };
    let facts = match parsed {
        Ok(facts) => facts,
        Err(EventError::Unreadable(words) | EventError::DurationAmbiguous(words)) => {
            return assert!(!words.is_empty(), "refused without a word");
        }
    };
    let is_told = match summary.kind {
        Kind::Hangup => facts.hangup.is_some(),
        Kind::Answered => facts.answered_at.is_some(),
        Kind::Initiated => facts.initiated_at.is_some(),
        Kind::Recording => facts.recording.is_some(),
        // Told without an amount where the provider does not know it.
        Kind::Cost => true,
        Kind::Unknown => false,
    };
    assert!(is_told, "{:?} of {facts:?}", summary.kind);
    assert_eq!(summary.leg.as_deref(), Some(facts.key.leg.as_str()), "the leg");
    assert_eq!(summary.account, facts.account, "the account");
}

/// Every value fits where it goes: columns, keys, subjects, log lines.
fn is_usable(provider: Provider, facts: &LegFacts) {
    assert_eq!(facts.key.provider, provider);
    let names = [&facts.parent, &facts.session, &facts.account].into_iter().flatten();
    for name in names.chain(&facts.other_names).chain([&facts.key.leg]) {
        assert!(is_name(name), "{name:?} is no id");
    }
    assert!(!facts.other_names.contains(&facts.key.leg));
    assert_ne!(facts.parent.as_ref(), Some(&facts.key.leg), "its own parent");
    // In the cache a hold stands behind its wallet and a blank.
    let hold = hold_of_call(&facts.key);
    assert_eq!(hold.split(' ').count(), 1, "{hold:?}");
    for text in [&facts.from, &facts.to].into_iter().flatten() {
        assert!(!text.is_empty() && !text.contains('\0'), "{text:?}");
    }
    for at in [facts.initiated_at, facts.answered_at].into_iter().flatten() {
        assert!((FIRST_INSTANT..=LAST_INSTANT).contains(&at), "{at}");
    }
    has_usable_end(facts);
    if let Some(recording) = &facts.recording {
        let is_there = recording.status == RecordingStatus::Completed;
        assert_eq!(recording.url.is_some(), is_there, "{recording:?}");
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        assert!(recording.url.as_ref().is_none_or(is_web), "{recording:?}");
        assert!(recording.id.as_deref().is_none_or(is_name), "{recording:?}");
    }
}

fn has_usable_end(facts: &LegFacts) {
    if let Some(hangup) = &facts.hangup
        && let Talk::Stated(seconds) = hangup.talk
    {
        assert!(seconds <= SECONDS_MAX, "{hangup:?}");
        assert!(seconds == 0 || hangup.outcome == Outcome::Completed, "{hangup:?}");
    }
    for may_yet_be_told in [true, false] {
        if let Ok(ended) = duration::ended(facts, may_yet_be_told) {
            assert!(ended.seconds <= SECONDS_MAX, "{ended:?}");
            for at in [ended.started_at(), ended.ended_at] {
                assert!((FIRST_INSTANT..=LAST_INSTANT).contains(&at), "{ended:?}");
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte);
    (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(allowed)
}
