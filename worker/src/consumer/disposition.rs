//! What becomes of messages whose settlement failed: a pure decision, the only place where an error is given a meaning.

use crate::dead_letters::Reason;
use crate::store::transaction::TransactionError;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It is not the messages' fault: wait, then try the same again. Never counts against them.
    Wait,
    /// One of them is at fault: halve until it stands alone.
    Split,
    /// It stands alone, and it is at fault.
    DeadLetter(Reason),
}

/// Decides about `messages` messages that failed together. Permanent is what the database refuses because of the data
/// itself: SQLSTATE class 22 (data exception), 23 (integrity), P0001 (raised by our own triggers).
#[must_use]
pub fn disposition(failure: &TransactionError, messages: usize) -> Disposition {
    let reason = match failure {
        TransactionError::Deadline => return Disposition::Wait,
        TransactionError::Panic(_) => Reason::CrashesWorker,
        TransactionError::Database(error) => match refused_with(error).as_deref() {
            None => return Disposition::Wait,
            Some("22003") => Reason::AmountOverflow,
            Some(_) => Reason::DatabaseRefused,
        },
    };
    if messages > 1 { Disposition::Split } else { Disposition::DeadLetter(reason) }
}

fn refused_with(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    let of_the_data = code.starts_with("22") || code.starts_with("23") || code == "P0001";
    of_the_data.then(|| code.into_owned())
}

/// A failure with everything that caused it, in words.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_surroundings_wait_however_many_messages_there_are() {
        for failure in [
            TransactionError::Deadline,
            TransactionError::Database(sqlx::Error::PoolTimedOut),
            TransactionError::Database(sqlx::Error::WorkerCrashed),
            TransactionError::Database(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())),
        ] {
            assert_eq!(disposition(&failure, 1), Disposition::Wait);
            assert_eq!(disposition(&failure, 100), Disposition::Wait);
        }
    }

    #[test]
    fn a_panic_is_split_off_and_given_up() {
        let failure = TransactionError::Panic("on purpose".to_owned());
        assert_eq!(disposition(&failure, 2), Disposition::Split);
        assert_eq!(disposition(&failure, 1), Disposition::DeadLetter(Reason::CrashesWorker));
    }
}
