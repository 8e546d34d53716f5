//! What came of dead letters, for people.

use curbe_worker::dead_letters::report::{Difference, Fate, Outcome, Report};

use crate::output::{or_dash, table};

/// As many letters are named; all are counted.
const NAMED: usize = 50;

/// A report in words: the wallets of a dry run, the letters that are not well, and all counted.
pub(super) fn for_people(report: &Report) -> String {
    let counted = Fate::ALL.map(|fate| (report.of(fate), fate.words()));
    let counted = counted.iter().filter(|(letters, _)| *letters > 0);
    let counted: Vec<String> =
        counted.map(|(letters, words)| format!("{letters} {words}")).collect();
    let counted = if counted.is_empty() { "none".to_owned() } else { counted.join(", ") };
    let total = match report.run_id {
        Some(run) => format!("{} dead letters: {counted} (run {run})", report.total),
        None => format!("{} dead letters: {counted} (nothing was changed)", report.total),
    };
    let parts = [wallets(&report.wallets), unwell(report), Some(total)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn wallets(wallets: &[Difference]) -> Option<String> {
    let line = |wallet: &Difference| {
        let Difference { wallet_id, postings, amount, already, currency } = wallet;
        [
            wallet_id.to_string(),
            postings.to_string(),
            format!("{amount} {currency}"),
            format!("{already} {currency}"),
        ]
    };
    let headings = ["wallet", "postings", "would move", "posted before"];
    (!wallets.is_empty()).then(|| table(headings, wallets.iter().map(line)))
}

fn unwell(report: &Report) -> Option<String> {
    let is_unwell = |letter: &&Outcome| matches!(letter.fate, Fate::Failing | Fate::Pending);
    let letters: Vec<&Outcome> = report.letters.iter().filter(is_unwell).collect();
    let line = |letter: &&Outcome| {
        let Outcome { id, fate, reason, detail } = letter;
        let words = fate.words().to_owned();
        [id.to_string(), words, or_dash(reason.as_ref()), or_dash(detail.as_ref())]
    };
    let lines =
        table(["dead letter", "is", "reason", "detail"], letters.iter().take(NAMED).map(line));
    match letters.len() {
        0 => None,
        count if count > NAMED => Some(format!("{lines}\n({} more are not shown)", count - NAMED)),
        _ => Some(lines),
    }
}
