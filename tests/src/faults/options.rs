//! What a lab is to be like.

use std::path::PathBuf;
use std::time::Duration;

use crate::seed::seed;
use crate::stack::starting::PATIENT;

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
    /// One `ingest`, two `worker`, `notifier`, and the seed of all tests. Other tests keep the machine busy meanwhile.
    #[must_use]
    pub fn new(test: &str) -> Self {
        let seed = seed();
        let again = format!("SEED={seed} cargo test --workspace --test guarantees -- {test}");
        Self { ingest: &[PATIENT], ..Self::seeded(seed, again) }
    }

    /// The same with this seed, as it is in production.
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
