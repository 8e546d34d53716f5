//! The worker: the only program that moves money.

pub mod announcer;
pub mod audit;
pub mod config;
pub mod consumer;
pub mod credit;
pub mod dead_letters;
pub mod event_replay;
mod gatekeeper;
mod http;
pub mod ledger;
pub mod migrate;
pub mod openapi;
pub mod overdue;
pub mod provisioning;
pub mod rate_import;
pub mod rates;
pub mod recordings;
pub mod retention;
pub mod service;
pub mod settlement;
pub mod settler;
pub mod store;
pub mod wallet;
