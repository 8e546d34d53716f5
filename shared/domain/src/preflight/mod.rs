//! May this call begin? Whose it is, where it goes, what it would cost: decided here, from what the cache knows. What the
//! wallet has left is decided where the money is set aside.

mod answer;
mod emergency;
mod plan;
#[cfg(test)]
mod plan_tests;
mod reason;

pub use answer::{Answer, Dial, Target};
pub use emergency::Emergencies;
pub use plan::{Fundable, Known, Organization, OwnNumber, Plan, Policy, plan};
pub use reason::{Language, Reason};
