//! `curbe accounts`.

use std::process::ExitCode;

use clap::Subcommand;
use curbe_domain::providers::Provider;
use curbe_worker::provisioning::accounts::{self, NewAccount};
use curbe_worker::provisioning::text;
use curbe_worker::settlement::announce::Announcement;
use serde_json::json;
use uuid::Uuid;

use crate::customers::Customers;
use crate::numbers::provider;
use crate::output::{Output, or_dash, record};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Assign a whole account, project or connection to an organization.
    Assign {
        /// At whom.
        #[arg(value_parser = provider())]
        provider: Provider,
        /// The provider's id of it.
        #[arg(value_parser = text)]
        account: String,
        /// To whom.
        #[arg(long)]
        organization: Uuid,
    },
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Assign { provider, account, organization } = command;
    let wanted = NewAccount { provider, account: account.clone(), organization_id: organization };
    let customers = Customers::open().await?;
    let assigned = accounts::assign(&customers.pool, wanted).await?;
    customers.tell(&Announcement::default(), output).await;
    let result = json!({
        "provider": provider.as_str(),
        "account": account,
        "organizationId": organization,
        "change": assigned.change.as_str(),
        "takenFrom": assigned.taken_from,
    });
    output.result(&result, || {
        record([
            ("account", format!("{account} at {provider}")),
            ("organization", organization.to_string()),
            ("taken from", or_dash(assigned.taken_from)),
            ("change", assigned.change.as_str().to_owned()),
        ])
    })
}
