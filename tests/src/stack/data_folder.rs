//! The data folder of a private Postgres: made once, given our settings at each start.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::launch::Launch;
use super::packages::Program;
use super::postgres::OWNER;
use super::process::Process;
use super::{paths, privileges};

const INITDB: Duration = Duration::from_secs(120);
/// A copy of `deploy/postgres/postgresql.conf` in the data folder, where the server may read it.
const SETTINGS: &str = "curbe.conf";

/// Makes the data folder under another name first, so that an interrupted run leaves no half of it.
pub(super) async fn initialize(
    program: &Program,
    folder: &Path,
    data: &Path,
    durable: bool,
) -> Result<()> {
    let fresh = folder.join("data.fresh");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o700))?;
    if let Some((user, group)) = privileges::postgres_owner() {
        chown(&fresh, Some(user), Some(group))?;
    }
    // macOS has no C.UTF-8; both sort by bytes.
    let locale = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };
    let log = folder.join("initdb.log");
    let mut launch = Launch::new("initdb", program.beside("initdb"), log)
        .arguments(["--auth=trust", "--encoding=UTF8", "--no-instructions", "--username", OWNER])
        .arguments([format!("--locale={locale}")])
        .arguments((!durable).then_some("--no-sync"))
        .arguments(["--pgdata".as_ref(), fresh.as_os_str()]);
    launch.unprivileged = true;
    let process = Process::start(launch)?;
    let status = process.ended(INITDB).await?;
    ensure!(status.is_some_and(|status| status.success()), "initdb failed; {}", process.log_tail());
    let settings = fresh.join("postgresql.conf");
    let mut text = fs::read_to_string(&settings)?;
    writeln!(text, "include '{SETTINGS}'")?;
    fs::write(&settings, text)?;
    fs::rename(&fresh, data).context("the finished data folder")
}

/// Copies our settings into the data folder: readable for the user that Postgres runs as, whatever the checkout's own modes are.
pub(super) fn copy_settings(data: &Path) -> Result<()> {
    let copy = data.join(SETTINGS);
    let settings = fs::read(paths::workspace().join("deploy/postgres/postgresql.conf"));
    fs::write(&copy, settings.context("deploy/postgres/postgresql.conf")?)?;
    Ok(fs::set_permissions(&copy, fs::Permissions::from_mode(0o644))?)
}
