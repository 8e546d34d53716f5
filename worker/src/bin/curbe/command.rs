//! The command line: groups, and what they share.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;
use crate::{
    accounts, audit, cache, dead_letters, events, identities, migrate, numbers, organizations,
    rates, tokens, users, wallets,
};

const AFTER_HELP: &str = "\
Environment (each FOO may come from the file that FOO_FILE names):
  DATABASE_URL    Postgres; every command but `tokens issue` needs it
  REDIS_URL       `wallets refill`, `wallets adjust` and `cache`; of customers' commands, if it is there: calls
                  that begin in the next moment find what was changed
  NATS_URL        `migrate`, `dead-letters replay`, `events replay`: the queue
  QUEUE_MAX_BYTES `migrate`: the most that the stream may hold, below the size of its disk
  QUEUE_REPLICAS  `migrate`: copies of the stream in a cluster (default 1)
  JWT_SECRETS     `tokens issue`: the first one signs

Exit status: 0 well, 1 failed, 2 usage, 3 partly, 78 configuration.";

/// Prepaid telephony billing: what operators and deployments do by hand.
#[derive(Parser, Debug)]
#[command(name = "curbe", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Curbe {
    /// JSON on stdout, for programs; progress and warnings stay on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Bring schema, stream and consumers up to date; twice changes nothing.
    Migrate,
    /// The customers.
    #[command(subcommand)]
    Organizations(organizations::Command),
    /// Their people.
    #[command(subcommand)]
    Users(users::Command),
    /// Whose a telephone number is.
    #[command(subcommand)]
    Numbers(numbers::Command),
    /// Whose a softphone or SIP address is.
    #[command(subcommand)]
    Identities(identities::Command),
    /// Whose an account at a provider is.
    #[command(subcommand)]
    Accounts(accounts::Command),
    /// Their money.
    #[command(subcommand)]
    Wallets(wallets::Command),
    /// What a minute costs them.
    #[command(subcommand)]
    Rates(rates::Command),
    /// Browsers' tokens.
    #[command(subcommand)]
    Tokens(tokens::Command),
    /// What calls that begin are decided on.
    #[command(subcommand)]
    Cache(cache::Command),
    /// Events that could not be used.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// What the queue still holds of what providers told.
    #[command(subcommand)]
    Events(events::Command),
    /// Check that the books add up; status 1 and the rows where they do not.
    Audit(audit::Arguments),
}

impl Command {
    pub(crate) async fn run(self, output: &Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Migrate => migrate::run(output).await,
            Self::Organizations(command) => organizations::run(command, output).await,
            Self::Users(command) => users::run(command, output).await,
            Self::Numbers(command) => numbers::run(command, output).await,
            Self::Identities(command) => identities::run(command, output).await,
            Self::Accounts(command) => accounts::run(command, output).await,
            Self::Wallets(command) => wallets::run(command, output).await,
            Self::Rates(command) => rates::run(command, output).await,
            Self::Tokens(command) => tokens::run(command, output).await,
            Self::Cache(command) => cache::run(command, output).await,
            Self::DeadLetters(command) => dead_letters::run(command, output).await,
            Self::Events(command) => events::run(command, output).await,
            Self::Audit(arguments) => audit::run(&arguments, output).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parsed(line: &str) -> Result<Curbe, clap::Error> {
        Curbe::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Curbe::command().debug_assert();
    }

    #[test]
    fn documented_lines_are_understood() {
        const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
        for line in [
            "curbe migrate --json",
            "curbe --json audit",
            "curbe organizations create --name Acme --currency usd --deck gold --id ID",
            "curbe organizations create --name A --language en --concurrent-calls-max 3 --blocked-prefixes 52,1900",
            "curbe cache status --json",
            "curbe cache rebuild",
            "curbe users create --email ana@example.com --role admin --organization ID",
            "curbe numbers assign +525512345678 --user ID --provider telnyx --inbound-target sip:a@b",
            "curbe identities assign client:alice --user ID --provider twilio --account AC1",
            "curbe accounts assign twilio AC1 --organization ID",
            "curbe wallets show ID",
            "curbe wallets refill ID 25.00 --reference pay-1",
            "curbe wallets adjust ID -0.0274 --reference ticket-1",
            "curbe rates import rates.csv --merge --dry-run --effective-from 2026-12-01",
            "curbe rates list --deck gold --prefix 52 --limit 5",
            "curbe rates quote +525512345678 --seconds 61 --direction inbound",
            "curbe tokens issue --user ID --ttl 90m",
            "curbe dead-letters list --reason no_rate --since 2h --until 1h --status all",
            "curbe dead-letters list --provider telnyx --organization ID --limit 5",
            "curbe dead-letters show ID",
            "curbe dead-letters replay ID ID --dry-run",
            "curbe dead-letters replay --all --reason no_rate --since 7d --rate 50 --yes --by ana --why rates",
            "curbe dead-letters replay ID --accept new --why ticket-1 --yes",
            "curbe dead-letters discard ID --why test",
            "curbe dead-letters discard --all --provider twilio --why test --yes",
            "curbe events replay --since 2026-12-01T00:00:00Z --until 1h --dry-run",
            "curbe events replay --since 7d --rate 500 --yes --why restored",
        ] {
            let line = line.replace("ID", ID);
            assert!(parsed(&line).is_ok(), "{line}: {}", parsed(&line).unwrap_err());
        }
    }

    #[test]
    fn what_is_no_amount_number_or_id_is_refused_with_its_reason() {
        const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (line, words) in [
            ("curbe wallets refill ID NaN --reference r", "not a decimal number"),
            ("curbe wallets refill ID 0.00001 --reference r", "more than four decimal places"),
            ("curbe wallets adjust ID -1000000 --reference r", "does not fit"),
            ("curbe wallets adjust ID 1", "--reference"),
            ("curbe numbers assign 5255 --user ID --provider twilio", "no number such as"),
            ("curbe numbers assign +5255 --user ID --provider acme", "possible values"),
            ("curbe identities assign alice --user ID", "neither client:NAME nor"),
            ("curbe identities assign client:a --user ID --account AC1", "--provider"),
            ("curbe users create --email ana", "is no email"),
            ("curbe wallets show acme", "ORGANIZATION"),
        ] {
            let error = parsed(&line.replace("ID", ID)).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(words), "{line}: {error}");
        }
    }
}
