//! Named points at which a fault build stops for ever, so that whoever watches its log can kill it exactly there.
//!
//! Without the feature `kill-points` nothing of this is compiled, and [`crate::kill_point!`] is nothing at all.

/// Marks a point on the way of a message: `kill_point!("debited")`.
#[cfg(not(feature = "kill-points"))]
#[macro_export]
macro_rules! kill_point {
    ($name:literal) => {};
}

/// Marks a point on the way of a message: `kill_point!("debited")`.
#[cfg(feature = "kill-points")]
#[macro_export]
macro_rules! kill_point {
    ($name:literal) => {
        $crate::kill_point::reached($name)
    };
}

/// Stops here for ever if `CURBE_KILL_POINT` names this point, `NAME` or `NAME:N` for the Nth time that it is reached.
#[cfg(feature = "kill-points")]
pub fn reached(name: &str) {
    use std::io::Write as _;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static TIMES: AtomicUsize = AtomicUsize::new(0);
    static WANTED: LazyLock<Option<(String, usize)>> = LazyLock::new(|| {
        let wanted = std::env::var_os("CURBE_KILL_POINT")?.into_string().ok()?;
        let (name, time) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        Some((name.to_owned(), time.parse().unwrap_or(1)))
    });
    let Some((_, time)) = WANTED.as_ref().filter(|(wanted, _)| wanted == name) else { return };
    if TIMES.fetch_add(1, Ordering::Relaxed) + 1 < *time {
        return;
    }
    // Not through the log's own thread: nothing is to be waited for any more.
    std::io::stderr().write_all(format!("kill-point reached: {name}\n").as_bytes()).ok();
    loop {
        // The thread, not the task: whatever it holds stays held.
        std::thread::park();
    }
}
