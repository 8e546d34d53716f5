//! A child process: started, watched, frozen, ended. Always by its own process id.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::launch::{Ending, Launch, Lifetime};
use super::wait::wait_for;
use super::{background, family, spawner};

/// How long an immediate stop may take before it becomes a SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// As much of a log as a failure message shows.
const TAIL_LINES: usize = 30;

/// A child that can end and be started again. Dropped, it is ended, unless it is detached.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Mutex<Option<Child>>,
    /// The log's length when the running child started.
    log_begin: AtomicU64,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// The program could not be started.
    pub fn start(launch: Launch) -> Result<Self> {
        let process = Self { launch, child: Mutex::new(None), log_begin: AtomicU64::new(0) };
        process.start_again()?;
        Ok(process)
    }

    /// Starts it once more, with the same arguments, after it ended.
    ///
    /// # Errors
    /// It still runs, or the program could not be started.
    pub fn start_again(&self) -> Result<()> {
        let name = &self.launch.name;
        let mut child = self.child();
        if running(&mut child).is_some() {
            bail!("{name} still runs");
        }
        let length = fs::metadata(&self.launch.log).map_or(0, |log| log.len());
        self.log_begin.store(length, Ordering::Relaxed);
        let command = self.launch.command()?;
        let started = spawner::spawn(command).with_context(|| format!("cannot start {name}"))?;
        let pid = started.id();
        *child = Some(started);
        match &self.launch.lifetime {
            Lifetime::WithParent => Ok(()),
            Lifetime::Detached(run) => background::record(run, name, pid),
        }
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        running(&mut self.child())
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&self) {
        end(&mut self.child(), Signal::KILL);
    }

    /// Ends it at once by its own signal: SIGQUIT for Postgres, else SIGKILL.
    pub fn end_at_once(&self) {
        let signal = match self.launch.ending {
            Ending::Kill => Signal::KILL,
            Ending::Quit => Signal::QUIT,
        };
        end(&mut self.child(), signal);
    }

    /// SIGTERM; [`Process::ended`] waits for what follows.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGSTOP, to it and all its children: it keeps its connections and says nothing.
    pub fn freeze(&self) {
        self.signal_family(Signal::STOP);
    }

    /// SIGCONT: it goes on.
    pub fn resume(&self) {
        self.signal_family(Signal::CONT);
    }

    /// Waits until it has ended by itself or by a signal.
    ///
    /// # Errors
    /// The deadline passed.
    pub async fn ended(&self, deadline: Duration) -> Result<Option<ExitStatus>> {
        let what = format!("the end of {}", self.launch.name);
        wait_for(deadline, &what, async || match self.child().as_mut().map(Child::try_wait) {
            None => Ok(None),
            Some(Ok(Some(status))) => Ok(Some(status)),
            Some(Ok(None)) => Err("it runs".to_owned()),
            Some(Err(error)) => Err(error.to_string()),
        })
        .await
    }

    /// What it wrote since it was last started.
    pub fn log(&self) -> String {
        let mut bytes = Vec::new();
        let begin = SeekFrom::Start(self.log_begin.load(Ordering::Relaxed));
        let read = fs::File::open(&self.launch.log).and_then(|mut log| {
            log.seek(begin)?;
            log.read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("{}: {error}", self.launch.log.display()),
        }
    }

    /// The end of its log, for a failure message.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        format!("{}:\n{}", self.launch.log.display(), tail.join("\n"))
    }

    /// The signal is sent under the lock that also reaps the child, so the id cannot have become
    /// another process's.
    fn signal(&self, signal: Signal) {
        send(running(&mut self.child()), signal);
    }

    fn signal_family(&self, signal: Signal) {
        let mut child = self.child();
        let Some(pid) = running(&mut child) else {
            return;
        };
        // The parent first: frozen, it starts no more children.
        send(Some(pid), signal);
        for relative in family::children(pid) {
            send(Some(relative), signal);
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.launch.lifetime == Lifetime::WithParent {
            self.end_at_once();
        }
    }
}

fn running(child: &mut Option<Child>) -> Option<u32> {
    let child = child.as_mut()?;
    matches!(child.try_wait(), Ok(None)).then(|| child.id())
}

fn send(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in between, which is all the same to whoever sends a signal.
        kill_process(pid, signal).ok();
    }
}

/// Blocks for milliseconds as a rule; also used while dropping, where nothing can be awaited.
fn end(child: &mut Option<Child>, signal: Signal) {
    let Some(pid) = running(child) else { return };
    let relatives = family::children(pid);
    send(Some(pid), signal);
    for relative in &relatives {
        // SIGKILL gives a parent no time to end its children. Otherwise it does so itself, and
        // those that were frozen have to run for that.
        let signal = if signal == Signal::KILL { signal } else { Signal::CONT };
        send(Some(*relative), signal);
    }
    send(Some(pid), Signal::CONT);
    let begin = Instant::now();
    while running(child).is_some() || relatives.iter().any(|pid| family::started(*pid).is_some()) {
        if begin.elapsed() > 2 * GRACE {
            return;
        }
        if begin.elapsed() > GRACE {
            send(running(child), Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
