//! The fault laboratory: a stack whose links and processes break while calls go on ending, and a check of everything that
//! must hold afterwards.

pub mod asking;
pub mod builds;
mod cache_watch;
pub mod callers;
pub mod fault;
pub mod history;
pub mod invariants;
pub mod kill_points;
pub mod lab;
pub mod links;
mod options;
pub mod outages;
mod price_list;
pub mod providers;
pub mod proxy;
pub mod rounds;
mod screens;
mod strike;
mod survival;

pub use self::lab::Lab;
pub use self::links::Link;
pub use self::options::LabOptions;
