//! What to try while the demo runs: addresses, and commands to copy.

use anyhow::Result;

use super::people::People;
use super::say;
use crate::stack::services::Kind;
use crate::stack::{Stack, environment};

/// Writes the file for a shell and shows what can be done with it.
///
/// # Errors
/// The file cannot be written.
pub fn show(stack: &Stack, people: &People) -> Result<()> {
    environment::write(stack, &stack.folder().join("env"))?;
    addresses(stack);
    let from = people.ben.number;
    let wallet = people.acme.id;
    let user = people.ben.id;
    say("\nIn another terminal, in this folder:");
    for line in [
        ". .local/demo/env".to_owned(),
        format!("curbe-simulate hangup --from {from} --to +525512345678 --seconds 61"),
        format!("curbe wallets show {wallet}"),
        "curbe dead-letters list".to_owned(),
        "curbe audit".to_owned(),
        format!("TOKEN=$(curbe tokens issue --user {user})"),
        "curl -s -H \"Authorization: Bearer $TOKEN\" $NOTIFIER_URL/api/wallet/balance".to_owned(),
        "curl -s -H \"Authorization: Bearer $TOKEN\" \"$NOTIFIER_URL/api/logs?limit=3\"".to_owned(),
    ] {
        say(&format!("  {line}"));
    }
    say("\nCtrl-C ends everything that was started here");
    Ok(())
}

fn addresses(stack: &Stack) {
    say("\nAddresses");
    let row = |name: &str, url: &str, what: &str| say(&format!("  {name:<10}{url:<46}{what}"));
    row("ingest", &stack.ingest_url(), "POST /api/webhooks/voice-events");
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
