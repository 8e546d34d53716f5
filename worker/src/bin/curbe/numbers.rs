//! `curbe numbers`.

use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use curbe_domain::phone::E164;
use curbe_domain::providers::Provider;
use curbe_worker::provisioning::numbers::{self, NewNumber, Target};
use curbe_worker::settlement::announce::Announcement;
use serde_json::json;
use uuid::Uuid;

use crate::customers::Customers;
use crate::output::{Output, or_dash, record};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Assign a number. Calls that started before it changed hands stay the former user's.
    Assign {
        /// In E.164, such as +525512345678.
        #[arg(value_parser = e164)]
        number: E164,
        /// To whom.
        #[arg(long)]
        user: Uuid,
        /// Who carries it.
        #[arg(long, value_parser = provider())]
        provider: Provider,
        /// Where its calls go: +E164, client:NAME or sip:USER@HOST; empty: nowhere any more.
        #[arg(long, value_parser = Target::parse)]
        inbound_target: Option<Target>,
    },
}

/// A number of the command line.
pub(crate) fn e164(text: &str) -> Result<E164, String> {
    E164::parse(text).ok_or_else(|| "is no number such as +525512345678".to_owned())
}

/// A provider's name on the command line.
pub(crate) fn provider() -> impl clap::builder::TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(Provider::ALL.map(Provider::as_str))
        .try_map(|name| Provider::parse(&name).ok_or("is no provider"))
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Assign { number, user, provider, inbound_target } = command;
    let target = inbound_target.unwrap_or(Target::Keep);
    let wanted = NewNumber { number, user_id: user, provider, target };
    let customers = Customers::open().await?;
    let assigned = numbers::assign(&customers.pool, wanted).await?;
    customers.tell(&Announcement::default(), output).await;
    let result = json!({
        "id": assigned.id,
        "change": assigned.change.as_str(),
        "takenFrom": assigned.taken_from,
    });
    output.result(&result, || {
        record([
            ("assignment", assigned.id.to_string()),
            ("taken from", or_dash(assigned.taken_from)),
            ("change", assigned.change.as_str().to_owned()),
        ])
    })
}
