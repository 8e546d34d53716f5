//! `curbe audit`.

use std::process::ExitCode;

use curbe_worker::audit::{self, Report};
use serde_json::{Value, json};

use crate::environment::{Database, read};
use crate::output::{Output, failed, table, wheel};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Name at most so many differences of each kind; all are counted.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
}

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let pool = read::<Database>()?.patient_pool().await?;
    let wheel = wheel();
    let told = |check: audit::Check| wheel.set_message(check.words());
    let report = audit::run(&pool, arguments.limit, &told).await?;
    wheel.finish_and_clear();
    let written = output.result(&view(&report), || for_people(&report));
    if report.differences_total == 0 { written } else { failed(written) }
}

fn view(report: &Report) -> Value {
    json!({
        "wallets": report.extent.wallets,
        "walletTransactions": report.extent.wallet_transactions,
        "callLogs": report.extent.call_logs,
        "settledLegs": report.extent.settled_legs,
        "differences": report.differences,
        "differencesTotal": report.differences_total,
    })
}

fn for_people(report: &Report) -> String {
    let extent = &report.extent;
    let looked_at = format!(
        "{} wallets, {} wallet transactions, {} call logs, {} settled legs",
        extent.wallets, extent.wallet_transactions, extent.call_logs, extent.settled_legs
    );
    if report.differences_total == 0 {
        return format!("The books add up: {looked_at}.");
    }
    let rows = report.differences.iter().map(|difference| {
        let words = difference.check.words().to_owned();
        [words, difference.subject.clone(), difference.detail.clone()]
    });
    let table = table(["check", "what", "difference"], rows);
    let (named, total) = (report.differences.len(), report.differences_total);
    format!("{table}\nThe books do not add up: {total} differences ({named} named) in {looked_at}.")
}

#[cfg(test)]
mod tests {
    use curbe_worker::audit::{Check, Difference};

    use super::*;

    #[test]
    fn differences_are_named_and_counted() {
        let difference = Difference {
            check: Check::BalanceAfter,
            subject: "wallet transaction 7".to_owned(),
            detail: "1 and 1 do not make 3".to_owned(),
        };
        let report =
            Report { differences: vec![difference], differences_total: 9, ..Report::default() };
        let text = for_people(&report);
        assert!(text.contains("wallet transaction 7"), "{text}");
        assert!(text.contains("9 differences (1 named)"), "{text}");
        assert_eq!(view(&report)["differences"][0]["check"], "balanceAfter");
        assert!(for_people(&Report::default()).starts_with("The books add up"));
    }
}
