//! Finds the servers' programs; what the machine lacks is unpacked below `.local/debian`.
//!
//! No system service is installed, started or touched.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{debian, homebrew, paths};

/// The schema says `unique nulls not distinct`, which is in Postgres since this version.
const POSTGRES_MAJOR_MIN: u32 = 15;

/// A program and the folders with libraries that only it needs.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Empty for everything that is installed on the machine.
    pub libraries: Vec<PathBuf>,
}

impl Program {
    /// A program that finds its libraries by itself.
    pub fn installed(path: PathBuf) -> Self {
        Self { path, libraries: Vec::new() }
    }

    /// Another program of the same folder.
    pub fn beside(&self, name: &str) -> Self {
        Self { path: self.path.with_file_name(name), libraries: self.libraries.clone() }
    }

    /// `LD_LIBRARY_PATH`, for what was unpacked only.
    pub fn library_path(&self) -> Option<(&'static str, OsString)> {
        if self.libraries.is_empty() {
            return None;
        }
        let outer = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let folders = self.libraries.iter().cloned().chain(std::env::split_paths(&outer));
        Some(("LD_LIBRARY_PATH", std::env::join_paths(folders).ok()?))
    }
}

/// A server, by its names in the places where it can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// The program that is looked for.
    pub program: &'static str,
    /// The Debian package.
    pub debian: &'static str,
    /// The Homebrew formula.
    pub formula: &'static str,
}

/// The database.
pub const POSTGRES: Package =
    Package { program: "postgres", debian: "postgresql", formula: "postgresql@17" };
/// The queue.
pub const NATS: Package =
    Package { program: "nats-server", debian: "nats-server", formula: "nats-server" };
/// The cache.
pub const REDIS: Package =
    Package { program: "redis-server", debian: "redis-server", formula: "redis" };

/// Finds a server's program; gets it if the machine lacks it.
///
/// # Errors
/// It is not there and cannot be had: the message says what to install.
pub async fn find(package: Package) -> Result<Program> {
    tokio::task::spawn_blocking(move || find_or_get(package)).await?
}

fn find_or_get(package: Package) -> Result<Program> {
    if let Some(program) = look(package) {
        return Ok(program);
    }
    let got = if debian::is_possible() {
        debian::unpack(package.debian)
    } else if homebrew::is_possible() {
        homebrew::install(package.formula)
    } else {
        bail!("{}", advice(package));
    };
    got.with_context(|| advice(package))?;
    look(package).with_context(|| advice(package))
}

fn advice(package: Package) -> String {
    let version = if package == POSTGRES { " 15 or newer" } else { "" };
    format!(
        "{}{version} is needed and was not found; install it so that it is on the PATH (Debian \
         package {}, Homebrew formula {}); it need not run",
        package.program, package.debian, package.formula
    )
}

fn look(package: Package) -> Option<Program> {
    let installed = installed_folders().into_iter().map(|folder| (folder, Vec::new()));
    let root = debian::root(package.debian);
    let libraries = debian::library_folders(&root);
    let unpacked = program_folders(&root).into_iter().map(|folder| (folder, libraries.clone()));
    installed.chain(unpacked).find_map(|(folder, libraries)| {
        let path = folder.join(package.program);
        let program = Program { path: path.is_file().then_some(path)?, libraries };
        if package == POSTGRES { complete_postgres(program) } else { Some(program) }
    })
}

fn installed_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(program_folders(Path::new("/")));
    folders.extend(homebrew::folders());
    folders
}

/// Where Debian puts programs, some of them off the PATH.
fn program_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = versions(&root.join("usr/lib/postgresql"), "bin");
    let usual = ["usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"];
    folders.extend(usual.iter().map(|folder| root.join(folder)));
    folders
}

/// The sub-folder of each version below `folder`, newest first.
fn versions(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join(name)))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Links on the PATH are followed, since `initdb` must lie beside it, and old versions left out.
fn complete_postgres(program: Program) -> Option<Program> {
    let path = program.path.canonicalize().ok()?;
    let program = Program { path, ..program };
    let complete = program.beside("initdb").path.is_file();
    (complete && postgres_major(&program)? >= POSTGRES_MAJOR_MIN).then_some(program)
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`: the number's first part.
fn postgres_major(program: &Program) -> Option<u32> {
    let mut command = Command::new(&program.path);
    let answer = command.arg("--version").envs(program.library_path()).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Where the unpacked packages are.
pub(super) fn unpacked() -> PathBuf {
    paths::local().join("debian")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_comes_first() {
        let folder = std::env::temp_dir().join(format!("curbe-versions-{}", std::process::id()));
        for version in ["9", "15", "common", "16"] {
            fs::create_dir_all(folder.join(version)).unwrap();
        }
        let found = versions(&folder, "bin");
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, ["16", "15", "9"].map(|version| folder.join(version).join("bin")));
    }
}
