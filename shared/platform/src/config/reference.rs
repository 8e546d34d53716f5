//! The text of `--help`: every variable, what it means, what it is when it is not set.

use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::{Arg, Command};

use super::source::variable;

/// Where a line ends at the latest.
const WIDTH: usize = 100;

/// Renders the reference of a configuration.
pub(super) fn render(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let head = format!(
        "{} {}\n{about}\n\nConfiguration is read from the environment. Any variable FOO may come from a file instead,\n\
         named by FOO_FILE. An empty variable counts as not set.\n",
        command.get_name(),
        env!("CARGO_PKG_VERSION"),
    );
    command.get_arguments().filter_map(entry).fold(head, |text, entry| text + "\n" + &entry)
}

fn entry(argument: &Arg) -> Option<String> {
    if argument.is_hide_set() {
        return None;
    }
    let mut text = variable(argument)?.to_owned();
    let default = argument.get_default_values().join(OsStr::new(","));
    let written = if argument.is_required_set() {
        writeln!(text, "  (required)")
    } else if default.is_empty() {
        writeln!(text)
    } else {
        writeln!(text, "  (default {})", default.display())
    };
    written.ok()?;
    let help = argument.get_long_help().or_else(|| argument.get_help());
    for line in wrapped(&help.map(ToString::to_string).unwrap_or_default()) {
        writeln!(text, "    {line}").ok()?;
    }
    let possible = argument.get_possible_values();
    if !possible.is_empty() {
        let names: Vec<_> = possible.iter().map(clap::builder::PossibleValue::get_name).collect();
        writeln!(text, "    One of: {}", names.join(", ")).ok()?;
    }
    Some(text)
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => *line += &format!(" {word}"),
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
