//! The traffic against the product's own verifier and reader: each checks the other.

use std::collections::HashSet;

use curbe_domain::legs::event::EventError;
use curbe_domain::legs::{Hangup, LegFacts};
use curbe_domain::providers::twilio::{SignedRequest, parse, verify};
use time::OffsetDateTime;
use uuid::Uuid;

use super::flow::*;
use super::sign::{Signer, Webhook};
use crate::oracle::{Rate, Settled, books, text};

const BASE_URL: &str = "https://hooks.example.com:8443";
const TOKEN: &str = "secret";

fn customers() -> Vec<Customer> {
    let customer = |number: u128| Customer {
        wallet: Uuid::from_u128(number),
        number: format!("+1500555{number:04}"),
        softphone: number.is_multiple_of(2).then(|| format!("client:user{number}")),
    };
    (1..=5).map(customer).collect()
}

fn made(seed: u64) -> Traffic {
    let plan = Plan { until: OffsetDateTime::UNIX_EPOCH, ..Plan::new(seed, 300) };
    traffic(&plan, &customers(), &Signer::new(TOKEN, BASE_URL))
}

fn accepted(webhook: &Webhook) -> bool {
    let request = SignedRequest {
        base_url: BASE_URL,
        path_and_query: &webhook.path,
        content_type: Some(webhook.content_type),
        body: &webhook.body,
        signature: webhook.signature.1.as_bytes(),
    };
    verify(&request, [TOKEN.as_bytes()]).is_ok()
}

fn parsed(webhook: &Webhook) -> Result<LegFacts, EventError> {
    parse(Some(webhook.content_type), &webhook.body, OffsetDateTime::UNIX_EPOCH)
}

#[test]
fn the_same_seed_makes_the_same_traffic() {
    let bodies = |seed| made(seed).requests.into_iter().map(|request| request.webhook.body);
    assert!(bodies(7).eq(bodies(7)));
    assert!(!bodies(7).eq(bodies(8)));
}

#[test]
fn the_product_accepts_what_is_signed_and_nothing_forged() {
    let traffic = made(1);
    for request in &traffic.requests {
        assert_eq!(accepted(&request.webhook), !request.forged);
    }
    assert_eq!(traffic.forged.len(), 15);
}

#[test]
fn the_product_reads_the_facts_that_are_expected() {
    let traffic = made(2);
    let read: Vec<_> = traffic
        .requests
        .iter()
        .filter(|request| !request.forged)
        .filter_map(|request| parsed(&request.webhook).ok())
        .filter(|facts| facts.hangup.is_some())
        .collect();
    for leg in &traffic.legs {
        let call = &leg.call;
        let told: Vec<_> = read.iter().filter(|facts| facts.key.leg == call.sid).collect();
        assert!((1..=3).contains(&told.len()), "{call:?}");
        for facts in told {
            let Hangup { outcome, seconds, ended_at } = facts.hangup.clone().unwrap();
            assert_eq!(outcome.as_str(), call.status.as_str().replace('-', "_"));
            assert_eq!((seconds, ended_at), (call.seconds, call.ended_at));
            assert_eq!((&facts.from, &facts.parent), (&Some(call.from.clone()), &call.parent));
            assert_eq!(facts.to.clone().unwrap_or_default(), call.to);
        }
    }
    assert!(traffic.legs.len() > 300);
    let hangups: HashSet<_> = read.iter().map(|facts| &facts.key.leg).collect();
    assert_eq!(hangups.len(), traffic.legs.len());
}

#[test]
fn what_is_unusable_is_so_for_the_reason_expected() {
    let traffic = made(3);
    let errors: Vec<_> = traffic
        .requests
        .iter()
        .filter_map(|request| Some((request, parsed(&request.webhook).err()?)))
        .collect();
    assert_eq!(errors.len(), traffic.unusable.len());
    for (sid, why) in &traffic.unusable {
        let body = |request: &Request| String::from_utf8_lossy(&request.webhook.body).into_owned();
        let error = errors.iter().find(|(request, _)| body(request).contains(sid));
        let expected = match &error.unwrap().1 {
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
    let price = |settled: &Settled| match settled {
        Settled::Charged(price) => *price,
        Settled::Free | Settled::Covered | Settled::NoRate => 0,
    };
    let by_leg: i128 = books.legs.values().map(price).sum();
    assert_eq!(text(by_leg), text(books.wallets.values().sum()));
    assert_eq!(books.legs.len(), traffic.legs.len());
    for settled in [Settled::Free, Settled::Covered] {
        assert!(books.legs.values().any(|other| *other == settled), "{settled:?}");
    }
}
