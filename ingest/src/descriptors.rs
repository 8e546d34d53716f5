//! Open files: every connection is one, and beside them the spool's segment, the queue and the cache need theirs. Where
//! they run out, what waits on the disk cannot even be read.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside the providers' connections: the spool, the queue, the cache, probes, the runtime's own.
const BESIDES: usize = 128;

/// Fewer files may be open than connections would need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "needs {needed} open files, of which this process may have {most}: raise the limit (`ulimit -Hn`, LimitNOFILE), \
     or let in fewer"
)]
pub(crate) struct TooFew {
    needed: u64,
    most: u64,
}

/// Whether so many connections could be open.
pub(crate) fn check(connections_max: usize) -> Result<(), TooFew> {
    raised(getrlimit(Resource::Nofile), connections_max).map(drop)
}

/// Raises this process's own limit as far as so many connections need it.
pub(crate) fn provide(connections_max: usize) -> anyhow::Result<()> {
    if let Some(limit) = raised(getrlimit(Resource::Nofile), connections_max)? {
        setrlimit(Resource::Nofile, limit)?;
        tracing::info!(open_files = limit.current, "the limit of open files was raised");
    }
    Ok(())
}

/// The limit that is to be set; `None` if the present one will do.
fn raised(limit: Rlimit, connections_max: usize) -> Result<Option<Rlimit>, TooFew> {
    let needed = u64::try_from(connections_max + BESIDES).unwrap_or(u64::MAX);
    // None is no limit.
    let suffices = |most: Option<u64>| most.is_none_or(|most| most >= needed);
    if suffices(limit.current) {
        return Ok(None);
    }
    match limit.maximum {
        Some(most) if most < needed => Err(TooFew { needed, most }),
        _ => Ok(Some(Rlimit { current: Some(needed), ..limit })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_raised_as_far_as_is_needed_and_allowed() {
        let limit = |current, maximum| Rlimit { current, maximum };
        let to = |limit| raised(limit, 1_000).map(|limit| limit.and_then(|limit| limit.current));
        assert_eq!(to(limit(Some(1_128), Some(1_128))), Ok(None));
        assert_eq!(to(limit(None, None)), Ok(None));
        assert_eq!(to(limit(Some(1_024), Some(4_096))), Ok(Some(1_128)));
        assert_eq!(to(limit(Some(1_024), None)), Ok(Some(1_128)));
        let refused = to(limit(Some(256), Some(1_127))).unwrap_err();
        assert_eq!(refused, TooFew { needed: 1_128, most: 1_127 });
    }
}
