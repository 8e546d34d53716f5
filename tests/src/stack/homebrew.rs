//! Servers on a Mac. Installing a formula starts nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

const PREFIXES: [&str; 3] = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"];

/// Whether `brew` can be asked for what is missing.
pub(super) fn is_possible() -> bool {
    cfg!(target_os = "macos") && program().is_some()
}

/// Where formulae put their programs; Postgres is not linked into the common folder.
pub(super) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for prefix in PREFIXES.map(Path::new) {
        let formulae = fs::read_dir(prefix.join("opt")).into_iter().flatten().flatten();
        let postgres = formulae.filter(|formula| {
            formula.file_name().to_str().is_some_and(|name| name.starts_with("postgresql"))
        });
        let mut postgres: Vec<PathBuf> = postgres.map(|formula| formula.path()).collect();
        postgres.sort_by(|one, other| other.cmp(one));
        folders.extend(postgres.into_iter().map(|formula| formula.join("bin")));
        folders.push(prefix.join("bin"));
    }
    folders
}

/// Installs a formula.
///
/// # Errors
/// `brew` failed; its own output is on the terminal.
pub(super) fn install(formula: &str) -> Result<()> {
    let brew = program().context("brew is not there")?;
    let status = Command::new(brew).args(["install", formula]).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "brew install {formula}: {status}");
    Ok(())
}

fn program() -> Option<PathBuf> {
    PREFIXES.iter().map(|prefix| Path::new(prefix).join("bin/brew")).find(|brew| brew.is_file())
}
