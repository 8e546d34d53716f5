//! Whether the books go together by themselves, by our own sums.

use std::fmt;

use sqlx::PgPool;

/// What can contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// A balance is not the sum of its ledger.
    Balance,
    /// A `balance_after` is not the one before plus the amount.
    Chain,
    /// A wallet's numbers have holes or repeats.
    Numbers,
    /// A leg, its log and its charge do not go together.
    Leg,
    /// An amount is none, or out of range.
    Amount,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Balance => "a balance is not the sum of its ledger",
            Self::Chain => "balance_after does not chain",
            Self::Numbers => "the numbers have holes or repeats",
            Self::Leg => "a leg, its log and its charge do not go together",
            Self::Amount => "an amount is none, or out of range",
        })
    }
}

/// What makes an amount, or a number, wrong in itself; each must find nothing.
const CONTRADICTIONS: [(Contradiction, &str); 5] = [
    (
        Contradiction::Balance,
        "select w.id::text from wallets w where balance <>
            (select coalesce(sum(amount), 0) from wallet_transactions t where t.wallet_id = w.id)",
    ),
    (
        Contradiction::Chain,
        "select id::text from (select id, balance_after,
            sum(amount) over (partition by wallet_id order by seq) as expected
            from wallet_transactions) t where balance_after <> expected",
    ),
    (
        Contradiction::Numbers,
        "select w.id::text from wallets w left join lateral (
            select count(*) as n, count(distinct seq) as d, coalesce(max(seq), 0) as m from (
                select seq from wallet_transactions t where t.wallet_id = w.id
                union all select seq from call_logs l where l.wallet_id = w.id
                union all select recording_seq from call_logs l
                    where l.wallet_id = w.id and recording_seq is not null
            ) numbers) n on true where (n, d, m) is distinct from (w.seq, w.seq, w.seq)",
    ),
    (
        Contradiction::Leg,
        "select leg from (select coalesce(g.leg, l.external_call_id) as leg, g.settled_as, count(distinct l.id) as logs, count(t.id) as charges,
                coalesce(sum(l.customer_price + coalesce(t.amount, 0)), 0) as difference
            from call_legs g
            full join call_logs l on l.external_call_id = g.leg and l.provider = g.provider
            left join wallet_transactions t on t.reference_id = l.id and t.type = 'call_charge'
            group by 1, 2) legs
        where difference <> 0 or (logs, charges) not in (
            select 1, 1 where settled_as = 'charged'
            union all select 1, 0 where settled_as = 'free'
            union all select 0, 0 where coalesce(settled_as, 'covered') = 'covered')",
    ),
    (
        Contradiction::Amount,
        "select id::text from wallets where not balance between -999999.9999 and 999999.9999
            union all select id::text from wallet_transactions
                where not amount between -999999.9999 and 999999.9999
            union all select id::text from call_logs where not customer_price between 0 and 999999.9999",
    ),
];

/// What does not go together, and where.
///
/// # Errors
/// The database does not answer.
pub async fn contradictions(
    pool: &PgPool,
) -> Result<Vec<(Contradiction, Vec<String>)>, sqlx::Error> {
    let mut contradictions = Vec::new();
    for (what, query) in CONTRADICTIONS {
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(pool).await?;
        if !rows.is_empty() {
            contradictions.push((what, rows));
        }
    }
    Ok(contradictions)
}
