//! Waiting for something to become true: no fixed sleeps, and a failure that says what was seen.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// Short enough not to slow a test down, long enough to leave two cores to the servers.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until `look` gives `Ok`; its last `Err` says what stood in the way.
///
/// # Errors
/// The deadline passed.
pub async fn wait_for<T, E, F>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> Result<T>
where
    E: Display,
    // Not `AsyncFnMut`: what waits with that cannot be given to `tokio::spawn`.
    F: Future<Output = Result<T, E>>,
{
    let begin = Instant::now();
    loop {
        // Each look is bounded too: one that hangs on a frozen server must not outlive the deadline.
        let left = deadline.saturating_sub(begin.elapsed()).max(PAUSE);
        let seen = match tokio::time::timeout(left, look()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(seen)) => seen.to_string(),
            Err(_) => "the last look did not come back".to_owned(),
        };
        if begin.elapsed() >= deadline {
            return Err(anyhow!("waited {deadline:?} for {what}; seen last: {seen}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// [`wait_for`] for tests.
///
/// # Panics
/// The deadline passed.
pub async fn wait_until<T, E, F>(deadline: Duration, what: &str, look: impl FnMut() -> F) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    wait_for(deadline, what, look).await.unwrap_or_else(|late| panic!("{late}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn waits_until_the_answer_is_there() {
        let looks = AtomicU32::new(0);
        let answer = wait_until(Duration::from_secs(5), "three looks", async || {
            match looks.fetch_add(1, Ordering::Relaxed) {
                2 => Ok("there"),
                before => Err(format!("{before} looks")),
            }
        })
        .await;
        assert_eq!(answer, "there");
    }

    #[tokio::test]
    async fn says_what_it_saw_last() {
        let late = wait_for(Duration::from_millis(1), "the balance", async || Err::<(), _>("9.00"));
        let message = late.await.unwrap_err().to_string();
        assert!(message.contains("the balance") && message.contains("9.00"), "{message}");
    }
}
