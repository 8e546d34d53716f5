//! `curbe identities`.

use std::process::ExitCode;

use clap::Subcommand;
use curbe_domain::providers::Provider;
use curbe_worker::provisioning::identities::{self, NewIdentity, canonical};
use curbe_worker::provisioning::text;
use curbe_worker::settlement::announce::Announcement;
use serde_json::json;
use uuid::Uuid;

use crate::customers::Customers;
use crate::numbers::provider;
use crate::output::{Output, or_dash, record};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Assign a softphone's or a SIP address's calls to a user.
    Assign {
        /// client:NAME or sip:USER@HOST.
        #[arg(value_parser = canonical)]
        identity: String,
        /// To whom.
        #[arg(long)]
        user: Uuid,
        /// Only at this provider.
        #[arg(long, value_parser = provider())]
        provider: Option<Provider>,
        /// Only in this account of that provider.
        #[arg(long, requires = "provider", value_parser = text)]
        account: Option<String>,
    },
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Assign { identity, user, provider, account } = command;
    let wanted = NewIdentity { identity: identity.clone(), user_id: user, provider, account };
    let customers = Customers::open().await?;
    let assigned = identities::assign(&customers.pool, wanted).await?;
    customers.tell(&Announcement::default(), output).await;
    let result = json!({
        "id": assigned.id,
        "identity": identity,
        "change": assigned.change.as_str(),
        "takenFrom": assigned.taken_from,
    });
    output.result(&result, || {
        record([
            ("identity", identity.clone()),
            ("assignment", assigned.id.to_string()),
            ("taken from", or_dash(assigned.taken_from)),
            ("change", assigned.change.as_str().to_owned()),
        ])
    })
}
