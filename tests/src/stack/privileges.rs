//! `setpriv` (util-linux): ending a child with its parent, and Postgres, which refuses root.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use super::launch::Ending;

/// `nobody`: it owns nothing and is there on every Linux.
const NOBODY: u32 = 65_534;

/// The arguments for `setpriv` that end a child with the thread that started it; none where that
/// is not possible.
pub(super) fn end_with_parent(ending: Ending) -> Vec<OsString> {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    let signal = match ending {
        Ending::Kill => "KILL",
        Ending::Quit => "QUIT",
    };
    if *POSSIBLE.get_or_init(|| works(&["--pdeathsig=KILL".to_owned()])) {
        vec![format!("--pdeathsig={signal}").into()]
    } else {
        Vec::new()
    }
}

/// The owner of what Postgres writes: none if we are not root, then it is ours.
pub(super) fn postgres_owner() -> Option<(u32, u32)> {
    rustix::process::geteuid().is_root().then_some((NOBODY, NOBODY))
}

/// The arguments for `setpriv` that turn root into `nobody`; none if we are not root.
///
/// # Errors
/// We are root and `setpriv` cannot do it.
pub(super) fn give_up_root() -> Result<Vec<OsString>> {
    static WAY: OnceLock<Option<Vec<String>>> = OnceLock::new();
    if postgres_owner().is_none() {
        return Ok(Vec::new());
    }
    let way = WAY.get_or_init(|| ways().into_iter().find(|way| works(way))).as_ref();
    let way = way.context("Postgres refuses root, and setpriv (util-linux) cannot change the user here: run this as another user")?;
    Ok(way.iter().map(Into::into).collect())
}

/// A checkout below a 0700 folder can be read only with a capability; not every container grants
/// the narrower one, or any.
fn ways() -> Vec<Vec<String>> {
    let user =
        [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()];
    let with = |capabilities: &str| {
        let mut way = user.to_vec();
        way.push(format!("--inh-caps={capabilities}"));
        way.push(format!("--ambient-caps={capabilities}"));
        way
    };
    vec![with("-all,+dac_read_search"), with("-all,+dac_override"), user.to_vec()]
}

fn works(arguments: &[String]) -> bool {
    let status = Command::new("setpriv")
        .args(arguments)
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
