//! I9: what is left behind in the database, and how the processes are.

use std::fs;

use anyhow::Result;

use super::{Invariant, Violation, all};
use crate::faults::lab::Lab;
use crate::stack::services::Kind;

/// Of one service, in the dev profile.
const RESIDENT_KIB_MAX: u64 = 512 * 1024;
const DESCRIPTORS_MAX: usize = 500;

/// Sessions that hold a transaction open and do nothing, and locks that somebody waits for.
const LEFTOVERS: &str = "
    select application_name || ' is ' || state || ': ' || left(query, 100) from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'
            and state_change < now() - interval '1 second'
    union all
    select 'a lock is waited for: ' || locktype from pg_locks
        where not granted and database = (select oid from pg_database where datname = current_database())";

impl Lab {
    pub(super) async fn leftovers(&self) -> Result<Vec<Violation>> {
        let mut left: Vec<String> =
            sqlx::query_scalar(LEFTOVERS).fetch_all(self.stack.pool()).await?;
        for kind in [Kind::Ingest, Kind::Worker, Kind::Notifier] {
            let pids = self.stack.services_of(kind);
            for pid in pids.iter().filter_map(|service| service.process().pid()) {
                left.extend(size(kind, pid));
            }
        }
        for entry in fs::read_dir(self.stack.folder().join("services"))? {
            let path = entry?.path();
            let log = fs::read_to_string(&path)?;
            let panics = log.lines().filter(|line| line.contains("panicked"));
            left.extend(panics.map(|line| format!("{}: {line}", path.display())));
        }
        Ok(all(Invariant::Clean, left))
    }
}

/// What is too large of a process. Where the kernel does not tell, nothing is.
fn size(kind: Kind, pid: u32) -> Vec<String> {
    let name = kind.program();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let mut large = Vec::new();
    if resident > Some(RESIDENT_KIB_MAX) {
        large.push(format!("{name} has more than {RESIDENT_KIB_MAX} KiB"));
    }
    if descriptors > DESCRIPTORS_MAX {
        large.push(format!("{name} has more than {DESCRIPTORS_MAX} descriptors"));
    }
    large
}
