//! Where things are: the checkout, its private `.local` folder and the built binaries.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout this was compiled from.
pub fn workspace() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Everything the stack writes is below this folder, which git ignores.
pub fn local() -> PathBuf {
    workspace().join(".local")
}

/// The folder of the binaries built together with the running program.
///
/// # Errors
/// The running program's own path cannot be read.
pub fn binaries() -> Result<PathBuf> {
    let program = std::env::current_exe().context("the running program's path")?;
    let folder = program.parent().context("the running program's folder")?;
    // A test binary lies one level deeper than the others.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_path_buf())
}
