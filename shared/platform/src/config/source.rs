//! Values out of an environment: variables and files, each judged alone, so that all problems are told at once.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Parser};
use secrecy::SecretString;

/// The variables by name.
pub type Environment = BTreeMap<String, OsString>;

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable.
    pub variable: String,
    /// What is wrong with it; never a secret value.
    pub reason: String,
}

impl Problem {
    /// A problem of that variable.
    #[must_use]
    pub fn new(variable: &str, reason: impl Into<String>) -> Self {
        Self { variable: variable.to_owned(), reason: reason.into() }
    }
}

/// Everything that is wrong, in the order of the reference; displays as one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|problem| problem.variable.len()).max().unwrap_or_default();
        let line = |problem: &Problem| format!("  {:width$}  {}", problem.variable, problem.reason);
        f.write_str(&self.0.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

/// Reads a configuration.
///
/// # Errors
/// Every variable that is missing or wrong.
pub fn read<T: Parser>(environment: &Environment) -> Result<T, Problems> {
    let command = T::command();
    let mut problems = Vec::new();
    let mut options = Vec::new();
    for argument in command.get_arguments() {
        let Some(variable) = variable(argument) else {
            continue;
        };
        match given(environment, variable, argument).and_then(|values| judged(argument, values)) {
            Ok(values) if values.is_empty() && argument.is_required_set() => {
                problems.push(Problem::new(variable, "missing"));
            }
            Ok(values) => options.extend(values),
            Err(reason) => problems.push(Problem::new(variable, reason)),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    // The injected environment is the only one: clap must not look at the process's.
    let command = command.no_binary_name(true).mut_args(|argument| argument.env(Resettable::Reset));
    command
        .try_get_matches_from(options)
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| Problems(vec![Problem::new("environment", error.to_string())]))
}

/// The variable of an argument; `None` for what clap adds by itself.
pub(super) fn variable(argument: &Arg) -> Option<&str> {
    argument.get_env().and_then(OsStr::to_str).filter(|_| argument.get_long().is_some())
}

/// Whether the value must not be shown.
pub(super) fn is_secret(argument: &Arg) -> bool {
    argument.is_hide_env_values_set()
        || argument.get_value_parser().type_id() == std::any::TypeId::of::<SecretString>()
}

/// The values given, as the options that clap takes; none where the variable is not set.
fn given(environment: &Environment, variable: &str, argument: &Arg) -> Result<Vec<String>, String> {
    let Some(text) = text(environment, variable)? else {
        return Ok(Vec::new());
    };
    let Some(long) = argument.get_long() else {
        return Ok(Vec::new());
    };
    let option = |value: &str| format!("--{long}={value}");
    let Some(delimiter) = argument.get_value_delimiter() else {
        return Ok(vec![option(&text)]);
    };
    Ok(text.split(delimiter).map(str::trim).filter(|item| !item.is_empty()).map(option).collect())
}

fn text(environment: &Environment, variable: &str) -> Result<Option<String>, String> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let file_variable = format!("{variable}_FILE");
    match (set(variable), set(&file_variable)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(format!("set, and {file_variable} too: only one of them can hold"))
        }
        (Some(value), None) => {
            let text = value.to_str().ok_or("is not valid UTF-8")?.trim();
            Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
        }
        (None, Some(path)) => {
            let path = path.to_string_lossy();
            let content = fs::read_to_string(path.as_ref()).map_err(|error| {
                format!("cannot read {path}, which {file_variable} names: {error}")
            })?;
            match content.trim() {
                "" => Err(format!("{path}, which {file_variable} names, is empty")),
                text => Ok(Some(text.to_owned())),
            }
        }
    }
}

/// Lets clap judge the values of one argument alone.
fn judged(argument: &Arg, values: Vec<String>) -> Result<Vec<String>, String> {
    let alone = argument.clone().env(Resettable::Reset).required(false);
    let command = Command::new("").no_binary_name(true).disable_help_flag(true).arg(alone);
    let Err(error) = command.try_get_matches_from(&values) else {
        return Ok(values);
    };
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        Some(_) | None => None,
    };
    let reason = match (context(ContextKind::ValidValue), error.source()) {
        (Some(valid), _) => format!("is none of {valid}"),
        (None, Some(source)) => source.to_string(),
        (None, None) => "cannot be used".to_owned(),
    };
    match context(ContextKind::InvalidValue) {
        Some(value) if !is_secret(argument) => Err(format!("{value:?}: {reason}")),
        Some(_) | None => Err(reason),
    }
}
