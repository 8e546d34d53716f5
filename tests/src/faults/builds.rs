//! Builds of the services that are not for use: with kill points, made into a folder of their own. Only the product's own
//! crates are compiled for them; what the running program was built from is copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tokio::sync::OnceCell;

use crate::stack::paths;

/// What a fault build says when it has come to the point at which it is to be killed, and no other build can say.
pub const MARKER: &str = "kill-point reached: ";

/// What is made from the sources, or needed for something else.
const NO_SOURCES: [&str; 4] = ["target", ".git", ".local", "node_modules"];

/// Whatever is started in earnest.
const PROGRAMS: [&str; 4] = ["curbe-ingest", "curbe-worker", "curbe-notifier", "curbe"];

/// Looks at every program in a folder of builds that are for use: none may be one that can be stopped.
///
/// # Errors
/// One of them can, or is not there.
pub fn none_can_be_stopped(folder: &Path) -> Result<()> {
    for program in PROGRAMS.map(|program| folder.join(program)) {
        let bytes = fs::read(&program).with_context(|| program.display().to_string())?;
        let marker = MARKER.as_bytes();
        let has_marker = bytes.windows(marker.len()).any(|window| window == marker);
        ensure!(!has_marker, "{} can be stopped: it is a fault build", program.display());
    }
    Ok(())
}

/// The folder of `curbe-ingest` and `curbe-worker` with kill points, built once.
///
/// # Errors
/// They cannot be built.
pub async fn with_kill_points() -> Result<PathBuf> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let built = BUILT.get_or_try_init(|| async {
        tokio::task::spawn_blocking(|| {
            let features = "curbe-ingest/kill-points,curbe-worker/kill-points";
            let packages = ["-p", "curbe-ingest", "-p", "curbe-worker", "--features", features];
            build(paths::workspace(), "faults", &packages)
        })
        .await?
    });
    built.await.cloned()
}

/// The folder of a `curbe-worker` that has every fault of `tests/mutants` and shows the one that `CURBE_MUTANT` names, built
/// once, from a copy of the sources.
///
/// # Errors
/// A patch does not apply any more, or it cannot be built.
pub async fn of_mutants() -> Result<PathBuf> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let built = BUILT.get_or_try_init(|| async {
        tokio::task::spawn_blocking(|| {
            let sources = target()?.join("mutants-sources");
            mutate(&sources)?;
            build(&sources, "mutants", &["-p", "curbe-worker"])
        })
        .await?
    });
    built.await.cloned()
}

/// Patches a fresh copy, and takes over what is different from the last one: what is the same is not compiled again.
fn mutate(sources: &Path) -> Result<()> {
    let fresh = sources.with_extension(std::process::id().to_string());
    copy(paths::workspace(), &fresh)?;
    let patches = fs::read_dir(paths::workspace().join("tests/mutants"))?;
    let mut patches: Vec<PathBuf> = patches.flatten().map(|entry| entry.path()).collect();
    patches.sort();
    for patch in patches {
        let mut git = Command::new("git");
        // Not as a part of the checkout that it lies in.
        git.env("GIT_CEILING_DIRECTORIES", target()?).current_dir(&fresh);
        let applied = git.arg("apply").arg(&patch).output().context("git apply")?;
        let errors = String::from_utf8_lossy(&applied.stderr);
        let name = patch.display();
        ensure!(
            applied.status.success(),
            "{name} does not apply any more; make it anew:\n{errors}"
        );
    }
    copy(&fresh, sources)?;
    remove_others(&fresh, sources)?;
    Ok(fs::remove_dir_all(&fresh)?)
}

/// Copies sources, except files that are there already with the same content.
fn copy(from: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, copied) = (entry.path(), into.join(entry.file_name()));
        if NO_SOURCES.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&source, &copied)?;
        } else if entry.file_type()?.is_file() {
            let content = fs::read(&source)?;
            if fs::read(&copied).ok().as_ref() != Some(&content) {
                fs::write(&copied, content)?;
            }
        }
    }
    Ok(())
}

/// Removes what is no longer among the sources that it was copied from: a module that has moved would be there twice.
fn remove_others(from: &Path, copied: &Path) -> Result<()> {
    for entry in fs::read_dir(copied)? {
        let entry = entry?;
        let (source, is_folder) = (from.join(entry.file_name()), entry.file_type()?.is_dir());
        match (source.exists(), is_folder) {
            (true, true) => remove_others(&source, &entry.path())?,
            (true, false) => {}
            (false, true) => fs::remove_dir_all(entry.path())?,
            (false, false) => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// Builds programs from these sources into a folder below `target`.
fn build(sources: &Path, folder: &str, packages: &[&str]) -> Result<PathBuf> {
    let target = target()?.join(folder);
    if !target.exists() {
        copy_dependencies(&target)?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").arg("--bins").args(packages).arg("--target-dir").arg(&target);
    // They are built once, or when something has changed; what would make that faster is larger than they are.
    command.env("CARGO_INCREMENTAL", "0");
    let built = command.current_dir(sources).output().context("cargo")?;
    let errors = String::from_utf8_lossy(&built.stderr);
    ensure!(
        built.status.success(),
        "cannot build {packages:?} in {}:\n{errors}",
        sources.display()
    );
    Ok(target.join("debug"))
}

/// `target`, wherever it is.
fn target() -> Result<PathBuf> {
    Ok(paths::binaries()?.parent().context("the target folder")?.to_path_buf())
}

/// Plain copies, never links: two builds must not write into each other's files. With their times, by which cargo knows
/// that they are current.
fn copy_dependencies(target: &Path) -> Result<()> {
    let from = paths::binaries()?;
    // Whole, or not at all: somebody else may be about to do the same.
    let fresh = target.with_extension(std::process::id().to_string());
    for part in ["deps", "build", ".fingerprint"] {
        let into = fresh.join("debug").join(part);
        fs::create_dir_all(&into)?;
        let entries = fs::read_dir(from.join(part)).into_iter().flatten().flatten();
        let others = entries.filter(|entry| !is_ours(&entry.file_name().to_string_lossy()));
        let paths: Vec<PathBuf> = others.map(|entry| entry.path()).collect();
        for paths in paths.chunks(500) {
            let copied = Command::new("cp").arg("-pR").args(paths).arg(&into).status()?;
            ensure!(copied.success(), "cp -pR into {}: {copied}", into.display());
        }
    }
    if fs::rename(&fresh, target).is_err() {
        fs::remove_dir_all(&fresh)?;
    }
    Ok(())
}

/// What is compiled anew in any case; the largest of all files are among it.
fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix("lib").unwrap_or(name);
    let ours = ["curbe", "guarantees", "stack-", "demo-", "bench-", "faults-", "schemas"];
    ours.iter().any(|our| name.starts_with(our))
}
