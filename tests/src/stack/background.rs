//! Servers that outlive the command that started them, by their process ids in a folder.
//!
//! Beside the id stands when the process began, so that an id that has gone to somebody else since
//! is recognised and left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::family;
use super::wait::wait_for;

/// Services finish what they have begun; Postgres writes its last checkpoint.
const GRACE: Duration = Duration::from_secs(40);

/// The order of ending: first those who use the others.
const ORDER: [&str; 6] =
    ["curbe-notifier", "curbe-ingest", "curbe-worker", "redis", "nats", "postgres"];

/// Leaves the id of a process in the folder.
///
/// # Errors
/// The file cannot be written.
pub(super) fn record(run: &Path, name: &str, pid: u32) -> Result<()> {
    fs::create_dir_all(run)?;
    let started = family::started(pid).unwrap_or_default();
    let file = run.join(format!("{name}.pid"));
    fs::write(&file, format!("{pid}\n{started}\n")).with_context(|| file.display().to_string())
}

/// Whether every server and service of the folder runs.
pub fn all_run(run: &Path) -> bool {
    ORDER.iter().all(|name| recorded(&file(run, name)).is_some())
}

/// Ends every process whose id is in the folder, in order; says which ones it ended.
///
/// # Errors
/// One of them does not end.
pub async fn end_all(run: &Path) -> Result<Vec<&'static str>> {
    let mut ended = Vec::new();
    for name in ORDER {
        let file = file(run, name);
        if let Some((pid, started)) = recorded(&file) {
            end(name, pid, &started).await?;
            ended.push(name);
        }
        if file.exists() {
            fs::remove_file(&file)?;
        }
    }
    Ok(ended)
}

async fn end(name: &str, pid: Pid, started: &str) -> Result<()> {
    // Postgres: SIGINT ends it without waiting for its clients to leave; all others know SIGTERM.
    let signal = if name == "postgres" { Signal::INT } else { Signal::TERM };
    let what = format!("the end of {name}");
    // It may end before the signal arrives.
    kill_process(pid, signal).ok();
    let ended = async || {
        if runs(pid, started) { Err("it runs") } else { Ok(()) }
    };
    if wait_for(GRACE, &what, ended).await.is_err() {
        kill_process(pid, Signal::KILL).ok();
        wait_for(GRACE, &what, ended).await?;
    }
    Ok(())
}

fn file(run: &Path, name: &str) -> PathBuf {
    run.join(format!("{name}.pid"))
}

/// The process of a file, if it is still the same one.
fn recorded(file: &Path) -> Option<(Pid, String)> {
    let text = fs::read_to_string(file).ok()?;
    let (pid, started) = text.trim_end().split_once('\n')?;
    let pid = Pid::from_raw(pid.parse().ok()?)?;
    runs(pid, started).then(|| (pid, started.to_owned()))
}

fn runs(pid: Pid, started: &str) -> bool {
    let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or_default();
    family::started(pid).as_deref() == Some(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_belongs_to_somebody_else_now_is_left_alone() {
        let run = std::env::temp_dir().join(format!("curbe-run-{}", std::process::id()));
        record(&run, "redis", std::process::id()).unwrap();
        assert!(recorded(&file(&run, "redis")).is_some());
        fs::write(file(&run, "redis"), format!("{}\n1\n", std::process::id())).unwrap();
        assert!(recorded(&file(&run, "redis")).is_none());
        fs::remove_dir_all(run).unwrap();
    }
}
