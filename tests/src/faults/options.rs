//! What a lab is to be like.

use std::path::PathBuf;
use std::time::Duration;

/// How it is opened, and from which seed.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// What all chance comes from.
    pub seed: u64,
    /// How whoever wants to see the same again says so.
    pub again: String,
    /// Whether the database server is its own, and may be ended.
    pub own_database: bool,
    /// How many `ingest`, and how many `worker`.
    pub instances: (usize, usize),
    /// What is added to the environment of every `ingest`.
    pub ingest: &'static [(&'static str, &'static str)],
    /// Where programs are looked for before the ordinary ones.
    pub binaries: Option<PathBuf>,
    /// How long nothing may move before the lab is taken to be stuck.
    pub patience: Duration,
}

impl LabOptions {
    /// One `ingest`, two `worker`, `notifier`, and a seed: that of the environment's `SEED`, else any.
    #[must_use]
    pub fn new(test: &str) -> Self {
        let seed = std::env::var_os("SEED").and_then(|seed| seed.to_str()?.parse().ok());
        let seed = seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
        Self::seeded(
            seed,
            format!("SEED={seed} cargo test --workspace --test guarantees -- {test}"),
        )
    }

    /// The same with this seed.
    #[must_use]
    pub fn seeded(seed: u64, again: String) -> Self {
        Self {
            seed,
            again,
            own_database: false,
            instances: (1, 2),
            ingest: &[],
            binaries: None,
            patience: Duration::from_secs(60),
        }
    }
}
