//! Files of rates. Every line is a rate within its bounds, or is told.

#![no_main]

use curbe_domain::money::Money;
use libfuzzer_sys::fuzz_target;

#[path = "../../../worker/src/rate_import/file/mod.rs"]
mod file;

fuzz_target!(|data: &[u8]| match file::parse(data) {
    Ok(rates) => {
        assert!(!rates.is_empty());
        for rate in rates {
            assert!((1..=15).contains(&rate.prefix.len()) && !rate.prefix.starts_with('0'));
            assert!(rate.prefix.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(rate.rate_per_minute >= Money::ZERO && rate.connection_fee >= Money::ZERO);
            assert!((1..=3_600).contains(&rate.initial_increment_seconds));
            assert!((1..=3_600).contains(&rate.increment_seconds));
        }
    }
    Err(bad) => {
        let lines = data.split(|&byte| byte == b'\n').count();
        assert!(!bad.is_empty() && bad.iter().all(|bad| (1..=lines).contains(&bad.line)));
    }
});
