//! The fault laboratory: a stack whose links and processes break while calls go on ending, and a check of everything that
//! must hold afterwards.

pub mod proxy;
