//! The traffic against the product's own verifier and reader: each checks the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use curbe_domain::legs::event::EventError;
use curbe_domain::legs::merge::merge;
use curbe_domain::legs::{LegFacts, duration};
use curbe_domain::providers::{Classified, signalwire, telnyx, twilio};
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::oracle::{Rate, Settled, books, seconds, text};
use crate::stack::secrets::Secrets;

const BASE_URL: &str = "https://hooks.example.com:8443";
/// When all of it has happened, and is read.
const UNTIL: OffsetDateTime = time::macros::datetime!(2026-11-20 10:00 UTC);

fn customers() -> Vec<Customer> {
    let customer = |number: u128| Customer {
        softphone: number.is_multiple_of(2).then(|| format!("client:user{number}")),
        ..Customer::new(Uuid::from_u128(number), &format!("+1500555{number:04}"))
    };
    (1..=5).map(customer).collect()
}

fn secrets() -> Secrets {
    Secrets { twilio_auth_token: "one".to_owned(), ..Secrets::random() }
}

fn made_with(seed: u64, secrets: &Secrets) -> Traffic {
    let plan = Plan { until: UNTIL, ..Plan::new(seed, 600) };
    traffic(&plan, &customers(), &Signers::new(secrets, BASE_URL))
}

fn made(seed: u64) -> Traffic {
    made_with(seed, &secrets())
}

/// By the header that the signature came in.
fn provider(webhook: &Webhook) -> Provider {
    match webhook.signature.0 {
        "X-Twilio-Signature" => Provider::Twilio,
        "X-SignalWire-Signature" => Provider::SignalWire,
        _ => Provider::Telnyx,
    }
}

fn accepted(webhook: &Webhook, secrets: &Secrets) -> bool {
    let (content_type, body) = (Some(webhook.content_type), &webhook.body[..]);
    let signature = webhook.signature.1.as_bytes();
    let path_and_query = &webhook.path[..];
    let request =
        twilio::SignedRequest { base_url: BASE_URL, path_and_query, content_type, body, signature };
    match provider(webhook) {
        Provider::Twilio => {
            twilio::verify(&request, [secrets.twilio_auth_token.as_bytes()]).is_ok()
        }
        Provider::SignalWire => {
            signalwire::verify(&request, [secrets.signalwire_signing_key.as_bytes()]).is_ok()
        }
        Provider::Telnyx => {
            let timestamp = webhook.timestamp.as_ref().unwrap().1.as_bytes();
            let event = telnyx::SignedEvent { content_type, timestamp, body, signature };
            let key = telnyx::PublicKey::parse(&secrets.telnyx_public_key()).unwrap();
            telnyx::verify(&event, [&key], UNTIL).is_ok()
        }
    }
}

fn parsed(webhook: &Webhook) -> Result<LegFacts, EventError> {
    let (content_type, body) = (Some(webhook.content_type), &webhook.body);
    let parse = match provider(webhook) {
        Provider::Twilio => twilio::parse,
        Provider::SignalWire => signalwire::parse,
        Provider::Telnyx => telnyx::parse,
    };
    parse(content_type, body, UNTIL)
}

/// What says nothing is not even read.
fn is_kept(webhook: &Webhook) -> bool {
    let (content_type, body) = (Some(webhook.content_type), &webhook.body);
    let classify = match provider(webhook) {
        Provider::Twilio => twilio::classify,
        Provider::SignalWire => signalwire::classify,
        Provider::Telnyx => telnyx::classify,
    };
    classify(content_type, body) != Classified::Ignore
}

/// Whatever is told of each leg, merged.
fn merged(traffic: &Traffic) -> Vec<(&ExpectedLeg, LegFacts)> {
    let mut by_name: HashMap<String, Vec<LegFacts>> = HashMap::new();
    let genuine = traffic.requests.iter().filter(|request| !request.forged);
    for facts in genuine.filter_map(|request| parsed(&request.webhook).ok()) {
        by_name.entry(facts.key.leg.clone()).or_default().push(facts);
    }
    let of_leg = |leg: &ExpectedLeg| {
        let told = leg.names.iter().filter_map(|name| by_name.get(name)).flatten();
        let merged = told.cloned().reduce(|mut known, news| {
            merge(&mut known, &news);
            known
        });
        merged.unwrap()
    };
    traffic.legs.iter().map(|leg| (leg, of_leg(leg))).collect()
}

#[test]
fn the_same_seed_makes_the_same_traffic() {
    let bodies = |seed| made(seed).requests.into_iter().map(|request| request.webhook.body);
    assert!(bodies(7).eq(bodies(7)));
    assert!(!bodies(7).eq(bodies(8)));
}

#[test]
fn the_product_accepts_what_is_signed_and_nothing_forged() {
    let secrets = secrets();
    let traffic = made_with(1, &secrets);
    let mut forged = HashSet::new();
    for request in &traffic.requests {
        assert_eq!(accepted(&request.webhook, &secrets), !request.forged);
        forged.extend(request.forged.then(|| provider(&request.webhook)));
    }
    assert_eq!((traffic.forged.len(), forged.len()), (30, 3));
}

#[test]
fn the_product_reads_the_facts_that_are_expected() {
    for seed in 0..10 {
        let traffic = made(seed);
        assert!(traffic.legs.len() > 600);
        for (leg, facts) in merged(&traffic) {
            assert_eq!(facts.key.provider.as_str(), leg.provider.as_str());
            assert!(leg.names.contains(&facts.key.leg), "{leg:?}");
            let ended = duration::ended(&facts, false).unwrap();
            let expected = (seconds(&leg.length), leg.outcome.as_str());
            assert_eq!((ended.seconds, ended.outcome.as_str()), expected, "{leg:?} {facts:?}");
            assert_eq!(ended.ended_at, leg.length.ended_at, "{leg:?}");
            assert_eq!(facts.recording.and_then(|recording| recording.url), leg.recording_url);
        }
    }
}

#[test]
fn events_are_repeated_in_other_bytes_and_needed_by_their_legs() {
    let traffic = made(2);
    let mut bodies: HashMap<usize, Vec<&Webhook>> = HashMap::new();
    for request in &traffic.requests {
        bodies.entry(request.event).or_default().push(&request.webhook);
    }
    let distinct = |webhooks: &Vec<&Webhook>| {
        webhooks.iter().map(|webhook| &webhook.body).collect::<HashSet<_>>().len()
    };
    assert!(bodies.values().all(|webhooks| webhooks.len() <= 3 && distinct(webhooks) <= 2));
    assert!(bodies.values().any(|webhooks| distinct(webhooks) == 2));
    for leg in traffic.legs.iter().filter(|leg| !leg.needs.is_empty()) {
        let told = leg.needs.iter().map(|need| parsed(bodies[need][0]).unwrap());
        let mut own = told.filter(|facts| leg.names.contains(&facts.key.leg));
        assert!(own.any(|facts| facts.hangup.is_some()), "{leg:?}");
    }
}

#[test]
fn every_way_to_tell_of_a_call_occurs() {
    let traffic = made(3);
    let telnyx = || traffic.legs.iter().filter(|leg| leg.provider == Provider::Telnyx);
    let any = |is: fn(&ExpectedLeg) -> bool| telnyx().any(is);
    assert!(any(|leg| leg.length.stated.is_some() && leg.length.billed.is_some()));
    assert!(any(|leg| leg.length.stated.is_none() && leg.length.answered_at.is_some()));
    assert!(any(|leg| leg.length.answered_at.is_none() && leg.length.billed.is_some()));
    assert!(any(|leg| !leg.length.ends_as_answered && leg.needs.is_empty()));
    assert!(any(|leg| leg.covered) && any(|leg| leg.session.is_some()));
    for provider in Provider::ALL {
        let legs = traffic.legs.iter().filter(|leg| leg.provider == provider).count();
        assert!(legs > 150, "{provider:?} {legs}");
    }
}

#[test]
fn what_is_unusable_is_so_for_the_reason_expected() {
    let traffic = made(3);
    let errors: BTreeMap<Vec<u8>, EventError> = traffic
        .requests
        .iter()
        .map(|request| &request.webhook)
        .filter(|webhook| is_kept(webhook))
        .filter_map(|webhook| Some((webhook.body.clone(), parsed(webhook).err()?)))
        .collect();
    assert_eq!(errors.len(), traffic.unusable.len());
    for (id, why) in &traffic.unusable {
        let told = |body: &[u8]| String::from_utf8_lossy(body).contains(id);
        let expected = match errors.iter().find(|(body, _)| told(body)).unwrap().1 {
            EventError::Unreadable(_) => Unusable::Unreadable,
            EventError::DurationAmbiguous(_) => Unusable::DurationAmbiguous,
        };
        assert_eq!(*why, expected);
    }
}

#[test]
fn the_books_add_up_per_wallet() {
    let traffic = made(4);
    let rates = [Rate::new("52", "0.0132", "0.0010"), Rate::new("", "0.02", "0")];
    let books = books(&rates, &traffic.legs);
    let by_leg: i128 = books.legs.values().map(|settled| settled.price()).sum();
    assert_eq!(text(by_leg), text(books.wallets.values().sum()));
    assert_eq!(books.legs.len(), traffic.legs.len());
    for settled in [Settled::Free, Settled::Covered, Settled::Behind] {
        assert!(books.legs.values().any(|other| *other == settled), "{settled:?}");
    }
}
