//! Configuration from the environment alone, described by a `clap` structure, read once.
//!
//! Every field is `#[arg(long, env)]`, so its variable is the field's name in capitals. Each variable `FOO` may instead
//! come from the file that `FOO_FILE` names. A flag is `action = ArgAction::Set`, a list has a `value_delimiter`.

mod reference;
mod source;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, Parser};

pub use source::{Environment, Problem, Problems, read};
pub use values::{bounded, duration, nats_url, secret};

/// `EX_CONFIG` of sysexits: what the environment says cannot be used.
pub const EXIT_CONFIGURATION: u8 = 78;
/// Arguments that the program does not have.
pub const EXIT_USAGE: u8 = 2;

/// Why a program ends before it has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Its reference, or its version, was asked for: this text goes to stdout, status 0.
    Asked(String),
    /// It was given arguments that it does not have: status 2.
    Usage(String),
    /// Variables are missing or wrong: status 78.
    Invalid(Problems),
}

/// The configuration of a service, whose only arguments are `--help` and `--version`.
///
/// # Errors
/// The status to end with, once the reason has been printed.
pub fn parse<T: Parser>() -> Result<T, ExitCode> {
    parse_checked(|_| Ok(()))
}

/// As [`parse`], with a look at how the values go together.
///
/// # Errors
/// The status to end with, once the reason has been printed.
pub fn parse_checked<T: Parser>(check: fn(&T) -> Result<(), Problem>) -> Result<T, ExitCode> {
    from(std::env::args_os(), &environment(), check).map_err(|stop| stop.report(&name::<T>()))
}

/// The configuration of a program that has read its arguments already.
///
/// # Errors
/// The status to end with, once the reason has been printed.
pub fn from_environment<T: Parser>() -> Result<T, ExitCode> {
    read(&environment()).map_err(|problems| Stop::Invalid(problems).report(&name::<T>()))
}

/// What [`parse_checked`] does, with everything it reads given.
///
/// # Errors
/// Why the program cannot go on.
pub fn from<T: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    check: fn(&T) -> Result<(), Problem>,
) -> Result<T, Stop> {
    let command = T::command();
    // A command of its own: the variables are no options on the command line.
    let name = command.get_name().to_owned();
    let bare = Command::new("")
        .bin_name(name.clone())
        .display_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    if let Err(error) = bare.try_get_matches_from(arguments) {
        return Err(if error.kind() == ErrorKind::DisplayHelp {
            Stop::Asked(reference::render(&command))
        } else if error.kind() == ErrorKind::DisplayVersion {
            Stop::Asked(error.to_string())
        } else {
            Stop::Usage(error.to_string())
        });
    }
    let config = read(environment).map_err(Stop::Invalid)?;
    match check(&config) {
        Ok(()) => Ok(config),
        Err(problem) => Err(Stop::Invalid(Problems(vec![problem]))),
    }
}

impl Stop {
    /// Prints the reason; the status to end with.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "nothing can be logged yet")]
    fn report(&self, program: &str) -> ExitCode {
        match self {
            Self::Asked(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Self::Usage(text) => {
                eprint!("{text}");
                ExitCode::from(EXIT_USAGE)
            }
            Self::Invalid(problems) => {
                eprintln!("{program}: invalid configuration\n{problems}");
                ExitCode::from(EXIT_CONFIGURATION)
            }
        }
    }
}

fn name<T: Parser>() -> String {
    T::command().get_name().to_owned()
}

fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests;
