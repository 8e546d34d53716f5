//! The fault laboratory: a stack whose links and processes break while calls go on ending, and a check of everything that
//! must hold afterwards.

pub mod builds;
mod cache_watch;
pub mod callers;
pub mod fault;
pub mod history;
pub mod invariants;
pub mod kill_points;
pub mod lab;
pub mod links;
pub mod outages;
pub mod proxy;
pub mod rounds;
mod screens;

pub use self::lab::{Lab, LabOptions};
pub use self::links::Link;
