//! One database transaction, begun, worked in and committed where nothing can cancel it half way.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::{Acquire, PgPool, Postgres, Transaction};
use tokio::time::timeout;

use super::{TRANSACTION_TIMEOUT, Tx};

/// How a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The database said no, or could not be asked.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// It took longer than a transaction may; whether it was committed is not known.
    #[error("no answer from the database in time")]
    Deadline,
    /// The work panicked; nothing was committed.
    #[error("panicked: {0}")]
    Panic(String),
}

/// Runs `work` in one transaction and commits it.
///
/// In a task of its own, which always finishes: a caller that goes away in the middle of `BEGIN` would leave behind a
/// pooled connection whose next user works inside a transaction that nobody commits. A connection that does not answer
/// in time is closed, never given to anybody else.
///
/// # Errors
/// [`TransactionError`]; after a lost connection or a deadline it is not known whether it was committed.
pub async fn run<T, W>(pool: &PgPool, work: W) -> Result<T, TransactionError>
where
    T: Send + 'static,
    W: for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
{
    attempt(pool, |tx| Box::pin(async move { Ok(work(tx).await?) })).await
}

/// As [`run`], for work that may refuse in words of its own: whatever it had written by then is rolled back.
///
/// # Errors
/// What `work` refuses with, or a [`TransactionError`].
pub async fn attempt<T, E, W>(pool: &PgPool, work: W) -> Result<T, E>
where
    T: Send + 'static,
    E: From<TransactionError> + Send + 'static,
    W: for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
{
    ended(pool, work, End::Commit).await
}

/// As [`attempt`], but rolls back whatever `work` has written: only what it returns is left of it.
///
/// # Errors
/// What `work` refuses with, or a [`TransactionError`].
pub async fn rehearse<T, E, W>(pool: &PgPool, work: W) -> Result<T, E>
where
    T: Send + 'static,
    E: From<TransactionError> + Send + 'static,
    W: for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
{
    ended(pool, work, End::RollBack).await
}

/// How a transaction ends whose work is done.
#[derive(Clone, Copy, Debug)]
enum End {
    Commit,
    RollBack,
}

async fn ended<T, E, W>(pool: &PgPool, work: W, end: End) -> Result<T, E>
where
    T: Send + 'static,
    E: From<TransactionError> + Send + 'static,
    W: for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
{
    let pool = pool.clone();
    let task = tokio::spawn(async move {
        let mut connection = pool.acquire().await.map_err(TransactionError::Database)?;
        let worked = timeout(TRANSACTION_TIMEOUT, async {
            let mut tx = connection.begin().await.map_err(TransactionError::Database)?;
            let value = work(&mut tx).await?;
            let ended = match end {
                End::Commit => tx.commit().await,
                End::RollBack => tx.rollback().await,
            };
            ended.map_err(TransactionError::Database)?;
            Ok(value)
        })
        .await;
        worked.unwrap_or_else(|_| {
            drop(connection.detach());
            Err(TransactionError::Deadline.into())
        })
    });
    task.await.unwrap_or_else(|error| Err(TransactionError::Panic(error.to_string()).into()))
}

/// Ends a part of a transaction, begun inside it: kept if its work ended well, else taken back, and nothing else is.
///
/// # Errors
/// What the work ended with, or a [`TransactionError`].
pub async fn end_part<T, E>(part: Transaction<'_, Postgres>, worked: Result<T, E>) -> Result<T, E>
where
    E: From<TransactionError>,
{
    let ended = match &worked {
        Ok(_) => part.commit().await,
        Err(_) => part.rollback().await,
    };
    ended.map_err(TransactionError::Database)?;
    worked
}

/// Work that may panic; what it has written is to be taken back then.
///
/// # Errors
/// What it ends with, or that it panicked.
pub async fn unless_it_panics<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, E>
where
    E: From<TransactionError>,
{
    let words = |panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|&words| words.to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    };
    let worked = AssertUnwindSafe(work).catch_unwind().await;
    worked.unwrap_or_else(|panic| Err(TransactionError::Panic(words(panic)).into()))
}

/// Lets everything in this transaction see the database as it is at one instant. The first thing to be said in it.
///
/// # Errors
/// What the database says.
pub async fn in_one_snapshot(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query!("set transaction isolation level repeatable read read only")
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Lets whoever names the same thing wait until this transaction is over, where there is no row yet to be locked.
///
/// # Errors
/// What the database says.
pub async fn take_turns(tx: &mut Tx, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_in_its_own_words() {
        let told = async |work: BoxFuture<'static, Result<u8, TransactionError>>| {
            unless_it_panics(work).await.map_err(|failure| failure.to_string())
        };
        assert_eq!(told(Box::pin(async { Ok(7) })).await, Ok(7));
        let literal = told(Box::pin(async { panic!("on purpose") }));
        assert_eq!(literal.await, Err("panicked: on purpose".to_owned()));
        let seventh = 7;
        let made = told(Box::pin(async move { panic!("the {seventh}th time") }));
        assert_eq!(made.await, Err("panicked: the 7th time".to_owned()));
    }
}
