//! Each port answers its own paths and no other's: probes and metrics are not for the public, what moves money is not where
//! browsers are, and what was never there says nothing.

use curbe_tests::stack::services::{Kind, Service};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::fixture::Bank;
use crate::fixture::description::Description;
use crate::fixture::tokens::claims;

const PROBES: [&str; 4] = ["/livez", "/readyz", "/readyz?verbose", "/metrics"];
const WEBHOOKS: [&str; 3] =
    ["/api/webhooks/voice-request", "/api/webhooks/voice-events", "/api/webhooks/payments"];
/// What somebody tries who does not know what there is.
const GUESSES: [&str; 12] = [
    "/admin",
    "/api",
    "/api/",
    "/api/v1/wallet/balance",
    "/api/wallet",
    "/api/wallets",
    "/api/dead_letters",
    "/api/webhooks",
    "/api/webhooks/",
    "/api/webhooks/voice-events/",
    "/api/webhooks/..%2Fwallet%2Fbalance",
    "/debug/pprof",
];

/// The paths that a service says it has, with an id where there must be one.
fn described(description: &Description) -> Vec<String> {
    let paths = description.0["paths"].as_object().unwrap();
    let id = "00000000-0000-0000-0000-000000000000";
    let names = [("{provider}", "twilio"), ("{account}", "AC1"), ("{number}", "%2B15550001")];
    let filled = |path: &String| {
        let named =
            names.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        named.replace("{identity}", "client:a").replace("{id}", id)
    };
    paths.keys().map(filled).collect()
}

struct Ports {
    bank: Bank,
    client: Client,
    services: Vec<std::sync::Arc<Service>>,
}

impl Ports {
    async fn open() -> Self {
        let bank = Bank::open().await;
        bank.stack.start_notifier(&[]).await.unwrap();
        let kinds = [Kind::Ingest, Kind::Worker, Kind::Notifier];
        let services = kinds.iter().flat_map(|kind| bank.stack.services_of(*kind)).collect();
        Self { bank, client: Client::builder().no_proxy().build().unwrap(), services }
    }

    /// What is answered to GET and to POST.
    async fn asks(&self, base: &str, path: &str, token: &str) -> [u16; 2] {
        let mut statuses = [0; 2];
        for (status, method) in statuses.iter_mut().zip([Method::GET, Method::POST]) {
            let request = self.client.request(method, format!("{base}{path}")).bearer_auth(token);
            let answer = request.json(&Value::Null).send().await.unwrap();
            *status = answer.status().as_u16();
        }
        statuses
    }

    fn url(&self, kind: Kind) -> &str {
        self.services.iter().find(|service| service.kind() == kind).unwrap().url()
    }
}

#[tokio::test]
async fn on_the_public_ports() {
    let ports = Ports::open().await;
    let user = ports.bank.customer().await;
    let (browsers, backends) =
        (ports.bank.sign(&claims(user.id)), ports.bank.stack.secrets().service_token.clone());
    let (notifiers, workers) =
        (described(&Description::committed()), described(&Description::of_worker()));
    let texts = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let [probes, webhooks, guesses] = [&PROBES[..], &WEBHOOKS, &GUESSES].map(texts);
    for (kind, others) in [
        (Kind::Ingest, [&probes, &guesses, &notifiers, &workers]),
        (Kind::Worker, [&probes, &guesses, &notifiers, &webhooks]),
        (Kind::Notifier, [&probes, &guesses, &workers, &webhooks]),
    ] {
        // Whoever is let in is told that it is not there.
        let token = if kind == Kind::Worker { &backends } else { &browsers };
        for path in others.into_iter().flatten() {
            let statuses = ports.asks(ports.url(kind), path, token).await;
            assert_eq!(statuses, [404, 404], "{kind:?} {path}");
        }
    }
}

#[tokio::test]
async fn on_the_ports_of_operators() {
    let ports = Ports::open().await;
    let token = ports.bank.stack.secrets().service_token.clone();
    let paths = [described(&Description::committed()), described(&Description::of_worker())];
    let own = WEBHOOKS.iter().map(|path| (*path).to_owned());
    let all: Vec<String> = paths.into_iter().flatten().chain(own).collect();
    for service in &ports.services {
        for path in &all {
            let statuses = ports.asks(service.admin_url(), path, &token).await;
            assert_eq!(statuses, [404, 404], "{:?} {path}", service.kind());
        }
        for path in PROBES {
            let url = format!("{}{path}", service.admin_url());
            let status = ports.client.get(url).send().await.unwrap().status();
            assert_eq!(status.as_u16(), 200, "{:?} {path}", service.kind());
        }
    }
}

#[tokio::test]
async fn for_whoever_has_the_wrong_token() {
    let ports = Ports::open().await;
    let user = ports.bank.customer().await;
    let token = ports.bank.sign(&claims(user.id));
    for path in described(&Description::of_worker()) {
        let statuses = ports.asks(ports.url(Kind::Worker), &path, &token).await;
        assert_eq!(statuses, [401, 401], "{path}");
    }
    for path in ["/api/wallet/balance", "/api/logs", "/api/wallet/transactions"] {
        let services = &ports.bank.stack.secrets().service_token;
        let [read, _] = ports.asks(ports.url(Kind::Notifier), path, services).await;
        assert_eq!(read, 401, "{path}");
    }
}
