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

/// Builds programs from these sources into a folder below `target`.
fn build(sources: &Path, folder: &str, packages: &[&str]) -> Result<PathBuf> {
    let target = target()?.join(folder);
    if !target.exists() {
        copy_dependencies(&target)?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").arg("--bins").args(packages).arg("--target-dir").arg(&target);
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
