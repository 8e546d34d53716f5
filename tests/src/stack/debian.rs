//! Unpacks a Debian or Ubuntu package, with the libraries that the machine lacks, into a folder of
//! its own. Works as any user: apt gets private state, and nothing is installed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::packages;

/// Whether this machine has what it takes.
pub(super) fn is_possible() -> bool {
    let there = |program: &str| Path::new("/usr/bin").join(program).is_file();
    there("apt-get") && there("dpkg-deb")
}

/// The folder of an unpacked package; it exists only when complete.
pub(super) fn root(package: &str) -> PathBuf {
    packages::unpacked().join(package)
}

/// The folders with libraries of an unpacked package: one for each machine type.
pub(super) fn library_folders(root: &Path) -> Vec<PathBuf> {
    let outer = ["usr/lib", "lib"].map(|folder| root.join(folder));
    let inner = outer.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
    let inner =
        inner.flatten().filter(|entry| entry.file_name().to_string_lossy().contains("-linux-"));
    inner.map(|entry| entry.path()).collect()
}

/// Unpacks a package, once, whoever else is doing the same at the same time.
///
/// # Errors
/// apt does not know it, cannot fetch it, or the disk is full.
pub(super) fn unpack(package: &str) -> Result<()> {
    let folder = packages::unpacked();
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join(".lock"))?;
    lock.lock().context("the lock of .local/debian")?;
    // Whoever held the lock before us may have done it.
    if root(package).exists() {
        return Ok(());
    }
    // Left behind by a run that was interrupted.
    let apt = Apt { state: folder.join(".apt") };
    let fresh = folder.join(".fresh");
    remove(&apt.state)?;
    remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    for archive in apt.fetch(package)? {
        run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&fresh))?;
    }
    // All or nothing: the name appears when everything is in its place.
    fs::rename(&fresh, root(package))?;
    remove(&apt.state)
}

/// apt with its lists and archives in a folder of ours.
struct Apt {
    state: PathBuf,
}

impl Apt {
    /// Fetches the package and all it needs that is not installed; apt checks the signatures.
    fn fetch(&self, package: &str) -> Result<Vec<PathBuf>> {
        let archives = self.state.join("cache/archives");
        fs::create_dir_all(self.state.join("lists/partial"))?;
        fs::create_dir_all(archives.join("partial"))?;
        // A repository of the machine that does not answer is not our business as long as the
        // package itself is found.
        let update = self.run(&["update"]);
        let install = ["install", "--yes", "--no-install-recommends", "--download-only", package];
        if let Err(error) = self.run(&install) {
            update?;
            return Err(error);
        }
        let found = fs::read_dir(&archives)?.flatten().map(|entry| entry.path());
        let found: Vec<PathBuf> =
            found.filter(|path| path.extension().is_some_and(|end| end == "deb")).collect();
        ensure!(!found.is_empty(), "apt says that {package} is installed, but it is incomplete");
        Ok(found)
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        run(Command::new("apt-get").args(self.options()).args(arguments))
    }

    fn options(&self) -> Vec<OsString> {
        let mut options: Vec<OsString> = vec!["--quiet".into(), "--quiet".into()];
        let mut set = |name: &str, value: OsString| {
            let mut option = OsString::from(format!("{name}="));
            option.push(value);
            options.extend([OsString::from("-o"), option]);
        };
        set("Dir::State::lists", self.state.join("lists").into());
        set("Dir::Cache", self.state.join("cache").into());
        set("Dir::Log", self.state.clone().into());
        // Not root: the machine's own locks are not ours to take, and nothing is written there.
        set("Debug::NoLocking", "1".into());
        // Root: apt would fetch as a user of its own, who cannot write to our folder.
        set("APT::Sandbox::User", "root".into());
        set("Acquire::Languages", "none".into());
        set("Acquire::Retries", "3".into());
        options
    }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{program}: {}\n{}", output.status, errors.trim_end());
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
