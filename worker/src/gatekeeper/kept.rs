//! Answers that are kept under their requests' keys, in the transaction that moves the money: asked again, the same is
//! said again, and nothing moves.

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::failure::Failure;
use super::request::Asked;
use crate::http::Refusal;
use crate::http::answer::Answer;
use crate::settlement::announce::Announcement;
use crate::store::call_logs::to_microseconds;
use crate::store::idempotency_keys::{self, Answered};
use crate::store::{Tx, transaction};

/// What a request led to.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) answer: Answer,
    /// For Redis.
    pub(super) announcement: Announcement,
    pub(super) afterwards: Afterwards,
}

/// What else is to be done in the cache after the commit.
#[derive(Clone, Debug)]
pub(super) enum Afterwards {
    Nothing,
    /// The cache may have been emptied between hold and commit, and loaded from what was known before.
    LookAgain(super::hold::Aside),
    /// A call that was announced will not be made; once it has asked, its hold is its own.
    DropAnnounced {
        wallet_id: Uuid,
        hold: String,
    },
}

impl Done {
    /// Decided, and nothing moved.
    pub(super) fn told(answer: Answer) -> Self {
        let announcement = Announcement::default();
        Self { answer, announcement, afterwards: Afterwards::Nothing }
    }
}

/// Does something once for each key, and commits. Who asks under the same key at the same time waits for the answer.
///
/// `work` decides before it writes: what it refuses as decided is kept, together with whatever it had written.
///
/// # Errors
/// [`Failure`]; after a failed transaction it is not known whether it happened, and asking again is safe.
pub(super) async fn once<W>(pool: &PgPool, asked: Asked, work: W) -> Result<Done, Failure>
where
    W: for<'c> FnOnce(&'c mut Tx, OffsetDateTime) -> BoxFuture<'c, Result<Done, Failure>>
        + Send
        + 'static,
{
    let now = to_microseconds(OffsetDateTime::now_utc());
    transaction::attempt(pool, move |tx| {
        Box::pin(async move {
            transaction::take_turns(tx, &format!("request {}", asked.key)).await?;
            if let Some(answered) = idempotency_keys::find(tx, &asked.key).await? {
                return again(&asked, answered).map(Done::told);
            }
            let done = match work(tx, now).await {
                Err(Failure::Decided(refusal)) => Done::told(refusal.to_answer()),
                done => done?,
            };
            idempotency_keys::insert(tx, &asked.key, &answered(&asked, &done.answer), now).await?;
            Ok(done)
        })
    })
    .await
}

/// Keeps another answer from now on.
pub(super) async fn replace(
    tx: &mut Tx,
    asked: &Asked,
    answer: &Answer,
) -> Result<(), sqlx::Error> {
    idempotency_keys::replace(tx, &asked.key, &answered(asked, answer)).await
}

fn answered(asked: &Asked, answer: &Answer) -> Answered {
    Answered {
        request: asked.request.clone(),
        digest: asked.digest.clone(),
        // Three digits always fit.
        status: i16::try_from(answer.status.as_u16()).unwrap_or_default(),
        answer: answer.body.clone(),
    }
}

fn again(asked: &Asked, answered: Answered) -> Result<Answer, Failure> {
    if (&asked.request, &asked.digest) != (&answered.request, &answered.digest) {
        return Err(reused());
    }
    let status = u16::try_from(answered.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(Answer { status, body: answered.answer })
}

/// The key stands for another request.
pub(super) fn reused() -> Failure {
    let words = "The Idempotency-Key was used before, for another request.";
    Failure::Wrong(Refusal::unprocessable("idempotency_key_reused", words))
}
