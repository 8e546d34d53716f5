//! What two services do alike: configuration, telemetry, probes, HTTP with limits, the queue, the credit cache.
//!
//! What one service alone needs has no place here.

pub mod config;
pub mod credit;
pub mod http;
pub mod kill_point;
pub mod probes;
pub mod process;
pub mod queue;
pub mod redis;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
