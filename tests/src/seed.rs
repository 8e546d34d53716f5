//! What all chance of a test comes from.

/// The same every time, so that a change is judged by what the one before it was judged by.
const USUAL: u64 = 1;

/// The seed of a test. `SEED=… cargo test` looks at others.
#[must_use]
pub fn seed() -> u64 {
    let said = std::env::var_os("SEED").and_then(|seed| seed.to_str()?.parse().ok());
    said.unwrap_or(USUAL)
}
