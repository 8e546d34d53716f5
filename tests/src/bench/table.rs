//! The results: rates, ratios, and one Markdown table of them.

use std::fmt;
use std::time::Duration;

/// So many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(u128);

impl Rate {
    pub(super) fn of(count: usize, duration: Duration) -> Self {
        Self(count as u128 * 1_000_000 / duration.as_micros().max(1))
    }

    /// How many times the other, in hundredths.
    pub(super) fn ratio(self, other: Self) -> String {
        let hundredths = (self.0 * 100 + other.0 / 2) / other.0.max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

impl fmt::Display for Rate {
    /// `12 345/s`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1_000, self.0 % 1_000) {
            (0, rest) => write!(f, "{rest}/s"),
            (thousands, rest) => write!(f, "{thousands} {rest:03}/s"),
        }
    }
}

/// Rows of what, how fast, beside what, ratio and goal.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<[String; 5]>);

impl Table {
    pub(super) fn row(&mut self, cells: [&str; 5]) {
        self.0.push(cells.map(str::to_owned));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["what", "measured", "beside it", "ratio", "goal"].map(str::to_owned);
        let width = |column: usize| {
            let rows = self.0.iter().chain([&heading]);
            rows.map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        let line = |cells: &[String; 5]| {
            let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        writeln!(f, "{}", line(&heading))?;
        writeln!(f, "{}", line(&widths.map(|width| "-".repeat(width))))?;
        self.0.iter().try_for_each(|row| writeln!(f, "{}", line(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_ratios() {
        let rate = Rate::of(50_000, Duration::from_secs(4));
        assert_eq!(rate.to_string(), "12 500/s");
        assert_eq!(Rate::of(10, Duration::from_secs(1)).to_string(), "10/s");
        assert_eq!(rate.ratio(Rate::of(10_000, Duration::from_secs(1))), "1.25");
        assert_eq!(Rate(1).ratio(Rate(3)), "0.33");
    }

    #[test]
    fn a_table_has_a_heading_and_a_line_below() {
        let mut table = Table::default();
        table.row(["a", "1", "2", "0.50", "0.45"]);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("| ---"));
        assert_eq!(lines[2], "| a    | 1        | 2         | 0.50  | 0.45 |");
    }
}
