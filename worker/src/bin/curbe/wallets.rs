//! `curbe wallets`: looks at money and moves it, by the ledger that calls are charged by.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use curbe_domain::money::Money;
use curbe_platform::credit::CreditCache;
use curbe_platform::redis::Link;
use curbe_worker::provisioning::text;
use curbe_worker::store::wallets::WalletRow;
use curbe_worker::wallet::{self, Kind, Moved, Movement};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::environment::{self, database, read};
use crate::output::{Output, or_dash, record};
use crate::time_argument::shown;

/// How long a connection to Redis may take. The money has moved by then.
const REDIS_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show a wallet.
    Show {
        /// Whose.
        organization: Uuid,
    },
    /// Put money in.
    Refill(Arguments),
    /// Correct a balance, in either direction.
    Adjust(Arguments),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Whose wallet.
    organization: Uuid,
    /// At most four decimal places.
    #[arg(allow_negative_numbers = true)]
    amount: Money,
    /// Unique in the wallet: said again, it answers with the first and moves nothing.
    #[arg(long, value_parser = text)]
    reference: String,
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show { organization } => {
            let row = wallet::show(&database().await?, organization).await?;
            output.result(&view(&row), || for_people(&row))
        }
        Command::Refill(arguments) => post(arguments, Kind::Refill, output).await,
        Command::Adjust(arguments) => post(arguments, Kind::Adjustment, output).await,
    }
}

fn view(row: &WalletRow) -> Value {
    let wallet = &row.account;
    json!({
        "id": wallet.wallet_id,
        "organizationId": wallet.organization_id,
        "userId": wallet.holder_id,
        "balance": wallet.balance,
        "currency": wallet.currency,
        "minimumThreshold": wallet.minimum_threshold,
        "status": wallet.status,
        "version": wallet.version,
        "seq": wallet.seq,
        "updatedAt": shown(row.updated_at),
    })
}

fn for_people(row: &WalletRow) -> String {
    let wallet = &row.account;
    record([
        ("wallet", wallet.wallet_id.to_string()),
        ("organization", wallet.organization_id.to_string()),
        ("holder", wallet.holder_id.to_string()),
        ("balance", format!("{} {}", wallet.balance, wallet.currency)),
        ("minimum threshold", wallet.minimum_threshold.to_string()),
        ("status", wallet.status.clone()),
        ("seq", wallet.seq.to_string()),
        ("updated", shown(row.updated_at)),
    ])
}

async fn post(arguments: Arguments, kind: Kind, output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<environment::Money>()?;
    // Connects while the money moves.
    let link = Link::start(settings.redis_url.expose_secret(), CancellationToken::new())?;
    let pool = settings.database.pool().await?;
    let movement = Movement {
        organization_id: arguments.organization,
        kind,
        amount: arguments.amount,
        reference: arguments.reference,
    };
    let moved = wallet::post(&pool, movement).await.inspect_err(|error| {
        if matches!(error, wallet::Error::Transaction(_)) {
            output
                .warn("it may have happened; asked again, the same reference moves nothing twice");
        }
    })?;
    timeout(REDIS_PATIENCE, link.connected()).await.ok();
    if !wallet::announce(&CreditCache::new(link), &moved).await {
        output.warn("Redis was not told; the worker does so within seconds");
    }
    output.result(&moved_view(&moved), || moved_for_people(&moved))
}

fn moved_view(moved: &Moved) -> Value {
    let row = &moved.posting;
    json!({
        "id": row.id,
        "walletId": row.wallet_id,
        "type": row.kind.as_str(),
        "amount": row.amount,
        "balanceAfter": row.balance_after,
        "currency": moved.currency,
        "seq": row.seq,
        "reference": row.external_reference,
        "repeated": moved.is_repeat,
    })
}

fn moved_for_people(moved: &Moved) -> String {
    let row = &moved.posting;
    let repeated = if moved.is_repeat { "done before, nothing moved now" } else { "done" };
    record([
        ("transaction", row.id.to_string()),
        ("wallet", row.wallet_id.to_string()),
        (row.kind.as_str(), format!("{} {}", row.amount, moved.currency)),
        ("balance after", format!("{} {}", row.balance_after, moved.currency)),
        ("reference", or_dash(row.external_reference.as_ref())),
        ("", repeated.to_owned()),
    ])
}
