//! Node.js for the client and the page: the program itself, and the packages that a folder's lock file names.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::paths;

/// What the client promises to run on.
const MAJOR_MIN: u32 = 20;
/// Scripts of packages do not run: what we use needs none, and they could do anything.
const INSTALL: [&str; 7] = [
    "ci",
    "--include=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
];
const LOCK: &str = "package-lock.json";
/// A copy of the lock file that was installed. It goes when somebody removes the packages.
const INSTALLED: &str = "node_modules/.installed.json";

/// The program `node`.
///
/// # Errors
/// It is not on the PATH, or too old: the message says what to install.
pub fn program() -> Result<PathBuf> {
    let path = on_the_path("node").with_context(advice)?;
    let answer = Command::new(&path).arg("--version").output().with_context(advice)?;
    let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    ensure!(major(&version) >= Some(MAJOR_MIN), "{} is {version:?}; {}", path.display(), advice());
    Ok(path)
}

/// Installs what `package-lock.json` of this folder names, unless it is there already; whoever else is doing the same
/// at the same time.
///
/// # Errors
/// Node.js or npm are missing, or a package cannot be had.
pub async fn packages(folder: &Path) -> Result<()> {
    let folder = folder.to_path_buf();
    tokio::task::spawn_blocking(move || install(&folder)).await?
}

fn install(folder: &Path) -> Result<()> {
    let wanted =
        fs::read(folder.join(LOCK)).with_context(|| format!("{} of {}", LOCK, folder.display()))?;
    fs::create_dir_all(paths::local())?;
    let lock = File::create(paths::local().join("node.lock"))?;
    lock.lock().context("the lock of .local/node.lock")?;
    // Whoever held the lock before us may have done it.
    if fs::read(folder.join(INSTALLED)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let npm = on_the_path("npm").with_context(advice)?;
    program()?;
    run(Command::new(npm).args(INSTALL).current_dir(folder))?;
    // The last step: half an installation has no such file. A lock file without packages makes no folder.
    fs::create_dir_all(folder.join("node_modules"))?;
    Ok(fs::write(folder.join(INSTALLED), wanted)?)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context("cannot run npm")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("npm ci: {}\n{}", output.status, said.trim_end())
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// `v20.20.2`: the number's first part.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn advice() -> String {
    format!(
        "Node.js {MAJOR_MIN} or newer and npm are needed for the client and the page; install \
         them so that they are on the PATH (Debian 13 packages nodejs and npm, Homebrew formula \
         node, elsewhere from nodejs.org)"
    )
}

#[cfg(test)]
mod tests {
    use super::super::directory::TestDirectory;
    use super::*;

    #[tokio::test]
    async fn packages_are_installed_once_for_each_lock_file() {
        let folder = TestDirectory::new("packages").unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let lock = r#"{ "lockfileVersion": 3, "packages": { "": { "name": "x" } } }"#;
        write("package.json", r#"{ "name": "x" }"#);
        write(LOCK, lock);
        packages(folder.path()).await.unwrap();
        // What npm does not know, it removes.
        let stranger = "node_modules/stranger";
        write(stranger, "");
        let (one, other) = tokio::join!(packages(folder.path()), packages(folder.path()));
        one.and(other).unwrap();
        assert!(folder.path().join(stranger).exists());
        write(LOCK, &format!("{lock}\n"));
        packages(folder.path()).await.unwrap();
        assert!(!folder.path().join(stranger).exists());
        write(LOCK, "no lock file");
        assert!(packages(folder.path()).await.is_err());
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20.20.2"), None);
        assert_eq!(major(""), None);
    }
}
