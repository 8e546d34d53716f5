//! What a command says: its result on stdout, as a table for people or as JSON for programs; the rest on stderr.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

const HEADING_LINE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
const BAR: &str = "{msg} [{bar:40}] {human_pos}/{human_len} {eta}";
/// As clap has it.
const USAGE: u8 = 2;
const PARTLY: u8 = 3;
const TICK: Duration = Duration::from_millis(100);

/// Where results and warnings go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Writes a command's result, in the form that was asked for.
    pub(crate) fn result(
        &self,
        value: &impl Serialize,
        for_people: impl FnOnce() -> String,
    ) -> anyhow::Result<ExitCode> {
        let text = if self.json { serde_json::to_string(value)? } else { for_people() };
        match writeln!(io::stdout().lock(), "{text}") {
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.context("cannot write to stdout")?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Says something that a person should know, and that is no result.
    pub(crate) fn warn(&self, words: impl Display) {
        writeln!(io::stderr().lock(), "curbe: warning: {words}").ok();
    }

    /// Says what is wrong with how the command was asked for.
    pub(crate) fn usage(&self, words: impl Display) -> anyhow::Result<ExitCode> {
        writeln!(io::stderr().lock(), "curbe: {words}").ok();
        Ok(ExitCode::from(USAGE))
    }

    /// Says why the command failed.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        writeln!(io::stderr().lock(), "curbe: {}", reasons(error)).ok();
    }
}

/// An error with its causes, except those that the error before has told in its own words.
fn reasons(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        match (told.is_empty(), told.ends_with(&cause)) {
            (true, _) => cause,
            (false, true) => told,
            (false, false) => format!("{told}: {cause}"),
        }
    })
}

/// A result that is written and still means that the command failed.
pub(crate) fn failed(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    result.map(|_| ExitCode::FAILURE)
}

/// A result that is written and still leaves something to be done.
pub(crate) fn partly(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    result.map(|_| ExitCode::from(PARTLY))
}

/// Text as a terminal may be given it: what would move its cursor, colour it or turn its direction round is spelled out.
/// Much of what is shown here was sent by strangers.
fn harmless(text: &str) -> String {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut told, character| {
        if is_harmful(character) {
            told.extend(character.escape_default());
        } else {
            told.push(character);
        }
        told
    })
}

/// The same, line by line.
fn harmless_lines(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

/// Rows under headings.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(HEADING_LINE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings)
        .add_rows(rows.into_iter().map(|row| row.map(|cell| harmless(&cell))));
    table.trim_fmt()
}

/// Names and values, one pair a line.
pub(crate) fn record<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in pairs {
        table.add_row([name.to_owned(), harmless_lines(&value)]);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// A value, or a dash where there is none.
pub(crate) fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A bar on stderr, hidden where that is no terminal.
pub(crate) fn bar(words: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_message(words)
}

/// A turning wheel on stderr, hidden where that is no terminal.
pub(crate) fn wheel() -> ProgressBar {
    let wheel = ProgressBar::new_spinner();
    wheel.enable_steady_tick(TICK);
    wheel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_headings_and_rows() {
        let text = table(["prefix", "rate"], [["52".to_owned(), "0.0500".to_owned()]]);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("prefix") && line.ends_with("rate")),
            "{text}"
        );
        assert!(
            lines.iter().any(|line| line.starts_with("52") && line.ends_with("0.0500")),
            "{text}"
        );
    }

    #[test]
    fn a_cause_is_told_once() {
        let refused = anyhow::anyhow!("refused");
        let error = refused.context("cannot reach it: refused").context("no connection");
        assert_eq!(reasons(&error), "no connection: cannot reach it: refused");
    }

    #[test]
    fn what_strangers_sent_cannot_move_the_terminal() {
        let sent = "a\u{1b}[2J\u{9b}31m\u{202e}b\r\nc\td";
        for text in [table(["leg"], [[sent.to_owned()]]), record([("leg", sent.to_owned())])] {
            let is_plain = |character: char| character == '\n' || !character.is_control();
            assert!(text.chars().all(is_plain) && !text.contains('\u{202e}'), "{text:?}");
            assert!(text.contains("a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\r"), "{text}");
        }
    }

    #[test]
    fn a_record_has_one_line_for_each_pair() {
        let text = record([("id", "7".to_owned()), ("balance", or_dash(None::<String>))]);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("balance") && lines[1].ends_with('-'), "{text}");
    }
}
