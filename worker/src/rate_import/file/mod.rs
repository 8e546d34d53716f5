//! Rates as a CSV file gives them. Every line is judged for itself, so that all bad ones are told at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use curbe_domain::legs::Direction;
use curbe_domain::rating::Rate;

mod line;

use line::{Header, fields};

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadLine {
    /// Its number in the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads a whole file. Its rates have no ids yet.
///
/// # Errors
/// Every bad line; none of the file is used then.
pub fn parse(bytes: &[u8]) -> Result<Vec<Rate>, Vec<BadLine>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .zip(1..)
        .filter(|(line, _)| !line.trim_ascii().is_empty());
    let Some((header, line)) = lines.next() else {
        return Err(vec![BadLine { line: 1, reason: "the file is empty".to_owned() }]);
    };
    let header = fields(header)
        .and_then(|names| Header::read(&names))
        .map_err(|reason| vec![BadLine { line, reason }])?;

    let mut rates = Vec::new();
    let mut bad = Vec::new();
    let mut first_lines: HashMap<(String, Option<Direction>), usize> = HashMap::new();
    for (content, line) in lines {
        let judged = fields(content).and_then(|fields| header.rate(&fields)).and_then(|rate| {
            match first_lines.entry((rate.prefix.clone(), rate.direction)) {
                Entry::Vacant(place) => {
                    place.insert(line);
                    Ok(rate)
                }
                Entry::Occupied(first) => {
                    Err(format!("has the prefix and direction of line {}", first.get()))
                }
            }
        });
        match judged {
            Ok(rate) => rates.push(rate),
            Err(reason) => bad.push(BadLine { line, reason }),
        }
    }
    if rates.is_empty() && bad.is_empty() {
        bad.push(BadLine { line, reason: "no rates follow the header".to_owned() });
    }
    if bad.is_empty() { Ok(rates) } else { Err(bad) }
}

#[cfg(test)]
mod tests;
