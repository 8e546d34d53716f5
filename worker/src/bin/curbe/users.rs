//! `curbe users`.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use curbe_worker::provisioning::email;
use curbe_worker::provisioning::users::{self, NewUser};
use curbe_worker::settlement::announce::Announcement;
use serde_json::json;
use uuid::Uuid;

use crate::customers::Customers;
use crate::output::{Output, or_dash, record};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Create a user. The first one of an organization is the holder of its wallet.
    Create {
        /// Whose; without it, an organization of his own.
        #[arg(long)]
        organization: Option<Uuid>,
        /// Unique, in whatever case.
        #[arg(long, value_parser = email)]
        email: String,
        /// A member sees his own calls, an admin those of the organization.
        #[arg(long, default_value = "member")]
        role: Role,
        /// His id; said again with the same content, nothing changes.
        #[arg(long)]
        id: Option<Uuid>,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Role {
    Member,
    Admin,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

pub(crate) async fn run(command: Command, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Create { organization, email, role, id } = command;
    let role = Some(role.as_str().to_owned());
    let wanted = NewUser { id, organization_id: organization, email, role };
    let customers = Customers::open().await?;
    let user = users::create(&customers.pool, wanted).await?;
    customers.tell(&Announcement::default(), output).await;
    let result = json!({
        "id": user.id,
        "organizationId": user.organization_id,
        "walletId": user.wallet_id,
        "change": user.change.as_str(),
    });
    output.result(&result, || {
        record([
            ("user", user.id.to_string()),
            ("organization", user.organization_id.to_string()),
            ("wallet", or_dash(user.wallet_id)),
            ("change", user.change.as_str().to_owned()),
        ])
    })
}
