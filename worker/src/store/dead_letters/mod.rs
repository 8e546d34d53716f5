//! `dead_letters`: events that cannot be used, unique by subject and digest of their bytes; and what people decide about
//! them.

mod burying;
mod decisions;
mod fates;
mod listing;
mod standing;

pub use burying::{insert, storable};
pub use decisions::{
    Decision, DecisionRow, Replacement, decide, decisions_of, discard, mark_replayed, reopen,
    replaced,
};
pub use fates::{FateRow, fates, settled};
pub use listing::{
    ANY, DeadLetterRow, Filter, Letter, OPEN, Place, STATUSES, count, letters, list, oldest,
    open_since,
};
pub use standing::{Standing, standing};
