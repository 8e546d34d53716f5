//! How many recordings each user listens to at the moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Counts them; users who listen to nothing take no memory.
pub(crate) struct Listeners {
    at_once_max: usize,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts(Mutex<HashMap<Uuid, usize>>);

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        // Each change is one step: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One recording that is listened to, until this is dropped.
pub(crate) struct Listening {
    user_id: Uuid,
    counts: Arc<Counts>,
}

impl Listeners {
    /// Nobody listens yet; each may listen to so many at once.
    pub(crate) fn new(at_once_max: usize) -> Self {
        Self { at_once_max, counts: Arc::default() }
    }

    /// One more for this user; `None` if he has as many as he may have.
    pub(crate) fn admit(&self, user_id: Uuid) -> Option<Listening> {
        let mut counts = self.counts.lock();
        let count = counts.entry(user_id).or_default();
        if *count >= self.at_once_max {
            return None;
        }
        *count += 1;
        Some(Listening { user_id, counts: Arc::clone(&self.counts) })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(count) = counts.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_his_own_and_gets_them_back() {
        let listeners = Listeners::new(2);
        let [one, other] = [Uuid::nil(), Uuid::max()];
        let first = listeners.admit(one).unwrap();
        let second = listeners.admit(one).unwrap();
        assert!(listeners.admit(one).is_none());
        let others = listeners.admit(other).unwrap();
        drop(first);
        let third = listeners.admit(one).unwrap();
        assert!(listeners.admit(one).is_none());
        drop((second, third, others));
        assert!(listeners.counts.lock().is_empty());
    }
}
