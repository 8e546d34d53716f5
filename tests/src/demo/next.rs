//! What to try while the demo runs: addresses, and commands to copy.

use anyhow::Result;

use super::people::{self, People};
use super::say;
use crate::simulator::flow::Provider;
use crate::stack::services::Kind;
use crate::stack::{Stack, environment};

/// Writes the file for a shell and shows what can be done with it.
///
/// # Errors
/// The file cannot be written, or no token is to be had.
pub async fn show(stack: &Stack, people: &People) -> Result<()> {
    environment::write(stack, &stack.folder().join("env"))?;
    addresses(stack);
    say("\nIn another terminal, in this folder:");
    say("  . .local/demo/env");
    for line in simulations(people).into_iter().chain(commands(people)) {
        say(&format!("  {line}"));
    }
    let token = people::token(stack, &people.ben).await?;
    say(&format!("\nThe page of {}, which moves with every call:", people.ben.email));
    say(&format!("  {}/#token={token}", stack.notifier_url()));
    say("\nCtrl-C ends everything that was started here");
    Ok(())
}

/// One of each kind; all of them move the page.
fn simulations(people: &People) -> Vec<String> {
    let hangup = |provider: Provider, more: &str| {
        let from = people.ben.number(provider);
        let provider = provider.as_str();
        format!(
            "curbe-simulate hangup --provider {provider} --from {from} --to +525512345678 --seconds 61{more}"
        )
    };
    let asking = format!(
        "curbe-simulate voice-request --from {} --to +525512345678   # its hangup: --sid of the answer",
        people.ben.number(Provider::Twilio)
    );
    vec![
        asking,
        hangup(Provider::Twilio, ""),
        hangup(Provider::SignalWire, ""),
        hangup(Provider::Telnyx, ""),
        hangup(Provider::Telnyx, " --form texml"),
        hangup(Provider::Telnyx, " --answer-untold   # charged after 5 s"),
    ]
}

fn commands(people: &People) -> Vec<String> {
    let (wallet, user) = (people.acme.id, people.ben.id);
    vec![
        format!("curbe wallets show {wallet}"),
        "curbe dead-letters list".to_owned(),
        "curbe audit".to_owned(),
        format!("TOKEN=$(curbe tokens issue --user {user})"),
        "curl -s -H \"Authorization: Bearer $TOKEN\" $NOTIFIER_URL/api/wallet/balance".to_owned(),
        "curl -s -H \"Authorization: Bearer $TOKEN\" \"$NOTIFIER_URL/api/logs?limit=3\"".to_owned(),
    ]
}

fn addresses(stack: &Stack) {
    say("\nAddresses");
    let row = |name: &str, url: &str, what: &str| say(&format!("  {name:<10}{url:<46}{what}"));
    row("ingest", &stack.ingest_url(), "POST /api/webhooks/voice-request, voice-events");
    row("worker", &stack.worker_url(), "POST /api/gatekeeper/..., with a service token");
    row("notifier", &stack.notifier_url(), "GET /api/ws, /api/wallet/balance, /api/logs");
    row("Postgres", &stack.database_url(), "");
    row("NATS", stack.nats_url(), "");
    row("Redis", stack.redis_url(), "");
    for kind in [Kind::Ingest, Kind::Worker, Kind::Notifier] {
        for service in stack.services_of(kind) {
            row("admin", service.admin_url(), &format!("{}: /readyz, /metrics", kind.program()));
        }
    }
    say(&format!("  logs      {}", stack.folder().join("services").display()));
}
