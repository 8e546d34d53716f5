//! What the kernel knows of a process: whether it runs, since when, and its children.

use std::fs;
use std::process::Command;

/// When the process began, as a text that no other process with the same id will ever have; none
/// if it has ended.
pub(super) fn started(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        let stat = Stat::read(pid)?;
        // A zombie has ended; only nobody has asked how.
        return (!matches!(stat.state.as_str(), "Z" | "X")).then_some(stat.started);
    }
    let answer = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output();
    let text = String::from_utf8(answer.ok()?.stdout).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The direct children of a process.
pub(super) fn children(parent: u32) -> Vec<u32> {
    if cfg!(target_os = "linux") {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        return pids.filter(|pid| Stat::read(*pid).is_some_and(|s| s.parent == parent)).collect();
    }
    let answer = Command::new("pgrep").args(["-P", &parent.to_string()]).output();
    let text = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned());
    text.unwrap_or_default().lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// The fields of `/proc/<pid>/stat` that matter here.
struct Stat {
    state: String,
    parent: u32,
    started: String,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in brackets, which may hold anything.
        let mut fields = line.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?.to_owned();
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.to_owned();
        Some(Self { state, parent, started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_an_impossible_one_does_not() {
        assert!(started(std::process::id()).is_some());
        assert_eq!(started(u32::MAX), None);
    }
}
