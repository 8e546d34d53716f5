//! Who runs a command, why, and whether he means it.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use curbe_worker::dead_letters::run::Operator;

use crate::output::Output;

#[derive(clap::Args, Debug)]
pub(crate) struct OperatorArguments {
    /// Who does it [default: the user of this machine].
    #[arg(long, env = "USER", hide_env = true)]
    by: Option<String>,
    /// Why; it is kept with the run. Needed for whatever changes something.
    #[arg(long)]
    why: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Whether it is meant.
pub(crate) enum Confirmed {
    /// It is.
    Yes(Operator),
    /// It is not, or nobody can be asked: the status to end with.
    No(ExitCode),
}

/// Who runs a command, with his reason.
pub(crate) struct Said {
    operator: Operator,
    yes: bool,
}

impl OperatorArguments {
    /// What was said.
    ///
    /// # Errors
    /// Nothing of why; in words.
    pub(crate) fn said(self) -> Result<Said, String> {
        let operator = Operator::new(actor(self.by), self.why.unwrap_or_default());
        let operator = operator.map_err(|error| format!("--why is needed: {error}"))?;
        Ok(Said { operator, yes: self.yes })
    }
}

impl Said {
    /// Asks, where that was not answered already.
    pub(crate) fn confirmed(self, question: &str, output: &Output) -> anyhow::Result<Confirmed> {
        let Self { operator, yes } = self;
        if yes {
            return Ok(Confirmed::Yes(operator));
        }
        if !io::stdin().is_terminal() {
            let words = format!(
                "{question} There is nobody to ask: say --yes, or look first with --dry-run"
            );
            return output.usage(words).map(Confirmed::No);
        }
        write!(io::stderr().lock(), "{question} [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            return Ok(Confirmed::Yes(operator));
        }
        output.warn("nothing was done");
        Ok(Confirmed::No(ExitCode::FAILURE))
    }
}

/// By his name, which he says himself, and by his number on this machine, which the kernel says.
fn actor(name: Option<String>) -> String {
    match (name.filter(|name| !name.trim().is_empty()), uid()) {
        (Some(name), Some(uid)) => format!("{name} (uid {uid})"),
        (Some(name), None) => name,
        (None, Some(uid)) => format!("uid {uid}"),
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(unix)]
fn uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").ok().map(|process| process.uid())
}

#[cfg(not(unix))]
fn uid() -> Option<u32> {
    None
}
