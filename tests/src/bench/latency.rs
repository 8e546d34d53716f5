//! Durations collected, and told as percentiles in milliseconds.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Durations between a microsecond and a minute.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds that fit"))
    }
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds all of another one.
    pub fn add_all(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration that so many percent do not exceed.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Duration {
        Duration::from_micros(self.0.value_at_percentile(f64::from(percent)))
    }

    /// `p50 3.1 ms, p99 8.4 ms, longest 9.0 ms`
    #[must_use]
    pub fn told(&self) -> String {
        let [p50, p99] = [50, 99].map(|percent| milliseconds(self.percentile(percent)));
        let longest = milliseconds(Duration::from_micros(self.0.max()));
        format!("p50 {p50}, p99 {p99}, longest {longest}")
    }
}

/// `3.1 ms`
#[must_use]
pub fn milliseconds(duration: Duration) -> String {
    let tenths = (duration.as_micros() + 50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// `4.2 s`
#[must_use]
pub fn seconds(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred() {
        let mut latencies = Latencies::default();
        for millis in 1..=100 {
            latencies.add(Duration::from_millis(millis));
        }
        assert_eq!(latencies.count(), 100);
        assert_eq!(latencies.percentile(50).as_millis(), 50);
        assert_eq!(latencies.percentile(99).as_millis(), 99);
        assert!(latencies.told().starts_with("p50 50.0 ms, p99 99.0 ms"));
    }

    #[test]
    fn milliseconds_are_rounded_to_a_tenth() {
        assert_eq!(milliseconds(Duration::from_micros(3_149)), "3.1 ms");
        assert_eq!(milliseconds(Duration::from_micros(3_150)), "3.2 ms");
    }
}
