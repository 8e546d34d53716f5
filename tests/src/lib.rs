//! The local stack, the simulator, the oracle and the faults: what the end-to-end tests are made of; and the demo and
//! the bench, made of the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic in the test harness is the failure report"
)]

pub mod bench;
pub mod demo;
pub mod faults;
pub mod oracle;
pub mod seed;
pub mod simulator;
pub mod stack;
