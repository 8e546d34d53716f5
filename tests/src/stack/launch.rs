//! How a child is to be started: program, environment, log, and with whose rights and lifetime.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::packages::Program;
use super::privileges;

/// What a child may keep of the environment of whoever started it. Not the rest: a shell that has
/// read `.local/env` would otherwise configure the servers of a test.
const KEPT: [&str; 8] = [
    "PATH",
    "HOME",
    "USER",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
    "LLVM_PROFILE_FILE",
    "SSL_CERT_FILE",
];

/// How long a child lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Ended by whoever started it, and by the kernel should that one be killed.
    WithParent,
    /// Goes on after the program that started it (`make up`), which leaves its process id in this
    /// folder for [`super::background::end_all`].
    Detached(PathBuf),
}

/// The signal that ends a child at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// For programs that leave nothing behind.
    Kill,
    /// Postgres: SIGQUIT is its immediate stop, which frees shared memory and ends the backends.
    Quit,
}

/// One start, repeatable.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The name used in messages and for the log and pid files.
    pub name: String,
    /// The program.
    pub program: Program,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its environment, beside the few variables that every child keeps.
    pub environment: Vec<(String, String)>,
    /// Where both its outputs are appended.
    pub log: PathBuf,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// How it is ended at once.
    pub ending: Ending,
    /// Refuses to run as root.
    pub unprivileged: bool,
}

impl Launch {
    /// A program that ends with its parent, by SIGKILL, with the rights of its parent.
    pub fn new(name: &str, program: Program, log: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            log,
            lifetime: Lifetime::WithParent,
            ending: Ending::Kill,
            unprivileged: false,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, more: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(more.into_iter().map(Into::into));
        self
    }

    /// The command line with everything that surrounds it.
    ///
    /// # Errors
    /// The log cannot be opened, or root has no way to give up its rights.
    pub fn command(&self) -> Result<Command> {
        let mut line: Vec<OsString> = Vec::new();
        if self.lifetime == Lifetime::WithParent {
            line.extend(privileges::end_with_parent(self.ending));
        }
        if self.unprivileged {
            line.extend(privileges::give_up_root()?);
        }
        if !line.is_empty() {
            line.insert(0, "setpriv".into());
        }
        line.push(self.program.path.clone().into());
        line.extend(self.arguments.iter().cloned());
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        self.surround(&mut command)?;
        Ok(command)
    }

    fn surround(&self, command: &mut Command) -> Result<()> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("the log {}", self.log.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // Postgres as `nobody` may not be able to stand in the folder we stand in.
        command.current_dir("/").env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(self.program.library_path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Ctrl-C in a terminal is for whoever started the servers, who ends them in order. Where
        // the kernel cannot end a child with its parent, Ctrl-C has to reach the child itself.
        if self.lifetime != Lifetime::WithParent || cfg!(target_os = "linux") {
            command.process_group(0);
        }
        Ok(())
    }
}
