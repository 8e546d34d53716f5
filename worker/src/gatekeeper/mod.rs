//! Money for anything else than calls: set aside, debited at the real cost, given back, put in. The backend asks, under a
//! key of its own for each thing; the script in the cache says whether there is enough, Postgres says that it happens once.

pub(crate) mod action;
pub(crate) mod authorize;
pub(crate) mod capture;
pub(crate) mod check;
mod failure;
mod hold;
mod kept;
mod leg;
pub(crate) mod post;
pub(crate) mod release;
mod request;
pub(crate) mod wanted;

use curbe_platform::credit::CreditCache;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use self::check::CheckRequest;
use self::failure::Failure;
use self::hold::Aside;
use self::kept::{Afterwards, Done};
use self::release::ReleaseRequest;
pub(crate) use self::request::Asked;
use self::wanted::Wanted;
use crate::announcer;
use crate::credit::Keeper;
use crate::http::answer::Answer;
use crate::http::{Refusal, json};
use crate::ledger::Account;
use crate::store::authorizations::{self, AuthorizationRow};
use crate::store::call_logs::to_microseconds;
use crate::store::wallets::Standing;
use crate::store::{Tx, transaction, wallets};
use crate::wallet::Kind;

/// A wallet that is not believed is loaded; it may stop being believed at once.
const TRIES: usize = 3;

/// What is asked for, as far as the path says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    Authorize,
    Capture { authorization: Uuid },
    Release { authorization: Uuid },
    Refill { organization: Uuid },
    Adjust { organization: Uuid },
    Refund { organization: Uuid },
}

/// What it works with.
#[derive(Clone)]
pub(crate) struct Gatekeeper {
    pool: PgPool,
    keeper: Keeper,
}

impl std::fmt::Debug for Gatekeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gatekeeper")
    }
}

impl Gatekeeper {
    pub(crate) fn new(pool: PgPool, keeper: Keeper) -> Self {
        Self { pool, keeper }
    }

    /// Whether something could be paid.
    pub(crate) async fn check(&self, body: &[u8]) -> Result<Answer, Refusal> {
        let request = CheckRequest::read(body)?;
        let looked = transaction::attempt(&self.pool, move |tx| {
            Box::pin(async move { check::check(tx, &request).await })
        });
        looked.await.map_err(Failure::into_refusal)
    }

    /// A request that moves money, with its key.
    pub(crate) async fn read(
        &self,
        head: &Parts,
        body: Incoming,
        request_id: &str,
    ) -> Result<Asked, Refusal> {
        let key = request::key(&head.headers)?;
        Ok(Asked::new(head, key, json::read(&head.headers, body).await?, request_id))
    }

    /// Moves money, or says what was said before. A caller that hangs up changes nothing: it goes on to its end.
    pub(crate) async fn move_money(
        &self,
        movement: Movement,
        asked: Asked,
    ) -> Result<Answer, Refusal> {
        let this = self.clone();
        let moving = tokio::spawn(async move {
            let decided = this.decide(movement, asked.clone()).await;
            let done = decided.map_err(Failure::into_refusal)?;
            let status = done.answer.status.as_u16();
            tracing::info!(
                requestId = asked.request_id,
                request = asked.request,
                status,
                "decided"
            );
            match this.tell(&done).await {
                Ok(()) => Ok(done.answer),
                Err(refusal) => {
                    let taken_back = this.take_back(asked, refusal).await;
                    taken_back.map_err(Failure::into_refusal)
                }
            }
        });
        moving.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request panicked");
            Err(Refusal::internal())
        })
    }

    async fn decide(&self, movement: Movement, asked: Asked) -> Result<Done, Failure> {
        for _ in 0..TRIES {
            match self.attempt(movement, asked.clone()).await {
                Err(Failure::NotLoaded(wallet_id)) => self.load(wallet_id).await,
                decided => return decided,
            }
        }
        Err(Failure::Wrong(Refusal::unavailable()))
    }

    async fn attempt(&self, movement: Movement, asked: Asked) -> Result<Done, Failure> {
        let (pool, cache) = (&self.pool, self.keeper.cache.clone());
        let wrong = Failure::Wrong;
        match movement {
            Movement::Authorize => {
                let wanted = Wanted::read(&asked).map_err(wrong)?;
                kept::once(pool, asked, move |tx, now| {
                    Box::pin(async move { authorize::authorize(tx, &cache, &wanted, now).await })
                })
                .await
            }
            Movement::Capture { authorization } => {
                let amount = capture::read(&asked).map_err(wrong)?;
                kept::once(pool, asked, move |tx, now| {
                    Box::pin(async move {
                        capture::capture(tx, &cache, authorization, amount, now).await
                    })
                })
                .await
            }
            Movement::Release { authorization } => {
                ReleaseRequest::read(&asked.body).map_err(wrong)?;
                kept::once(pool, asked, move |tx, now| {
                    Box::pin(release::release(tx, authorization, now))
                })
                .await
            }
            Movement::Refill { organization } => self.post(asked, organization, Kind::Refill).await,
            Movement::Adjust { organization } => {
                self.post(asked, organization, Kind::Adjustment).await
            }
            Movement::Refund { organization } => {
                let refund = post::read_refund(&asked, organization).map_err(wrong)?;
                kept::once(pool, asked, move |tx, now| {
                    Box::pin(async move { post::give_back(tx, &refund, now).await })
                })
                .await
            }
        }
    }

    async fn post(&self, asked: Asked, organization: Uuid, kind: Kind) -> Result<Done, Failure> {
        let movement = post::read(&asked, organization, kind).map_err(Failure::Wrong)?;
        kept::once(&self.pool, asked, move |tx, now| {
            Box::pin(async move { post::post(tx, &movement, now).await })
        })
        .await
    }

    async fn load(&self, wallet_id: Uuid) {
        if let Err(error) = self.keeper.load(wallet_id).await {
            tracing::warn!(wallet = %wallet_id, error = %format!("{error:#}"), "a wallet is not loaded");
        }
    }

    /// Tells the cache.
    ///
    /// # Errors
    /// What was decided does not hold: its money is gone from there.
    async fn tell(&self, done: &Done) -> Result<(), Refusal> {
        let cache: &CreditCache = &self.keeper.cache;
        announcer::announce(cache, &done.announcement).await;
        match &done.afterwards {
            Afterwards::Nothing => {}
            Afterwards::LookAgain(aside) => self.look_again(aside).await?,
            Afterwards::DropAnnounced { wallet_id, hold } => {
                if let Err(error) = cache.drop_announced(*wallet_id, hold).await {
                    tracing::warn!(%error, hold, "a hold is left to the sweep");
                }
            }
        }
        Ok(())
    }

    /// Looks at a hold once more, in a wallet that is believed: a load that began before the commit does not know of it.
    ///
    /// # Errors
    /// The money went to somebody else meanwhile.
    async fn look_again(&self, aside: &Aside) -> Result<(), Refusal> {
        for _ in 0..TRIES {
            match aside.look_again(&self.keeper.cache).await {
                Err(Failure::NotLoaded(wallet_id)) => self.load(wallet_id).await,
                looked => return looked.map_err(Failure::into_refusal),
            }
        }
        tracing::warn!(wallet = %aside.wallet_id, hold = aside.hold, "a hold is left to whoever loads its wallet");
        Ok(())
    }

    /// Releases what does not hold, before anybody was told of it; whoever asks again is told so too.
    async fn take_back(&self, asked: Asked, refusal: Refusal) -> Result<Answer, Failure> {
        let now = to_microseconds(OffsetDateTime::now_utc());
        let taken_back = transaction::attempt(&self.pool, move |tx| {
            Box::pin(async move {
                let released = release::release(tx, asked.id(), now).await?;
                let answer = refusal.to_answer();
                kept::replace(tx, &asked, &answer).await?;
                Ok::<_, Failure>(Done { answer, ..released })
            })
        });
        let done = taken_back.await?;
        // Nothing is looked at again of what was released.
        self.tell(&done).await.ok();
        Ok(done.answer)
    }
}

fn suspended() -> Refusal {
    Refusal::conflict("suspended", "The wallet is suspended.")
}

/// An authorization as it is under the lock of its wallet.
async fn lock(tx: &mut Tx, id: Uuid) -> Result<(Account, AuthorizationRow), Failure> {
    let unknown = || Failure::Decided(Refusal::not_found());
    let known = authorizations::by_id(tx, id).await?.ok_or_else(unknown)?;
    let account = wallets::lock(tx, &[known.wallet_id]).await?.pop().ok_or_else(unknown)?;
    let row = authorizations::by_id(tx, id).await?.ok_or_else(unknown)?;
    Ok((account, row))
}

async fn standing(tx: &mut Tx, wallet_id: Uuid) -> Result<Standing, sqlx::Error> {
    wallets::standings(tx, &[wallet_id]).await?.pop().ok_or(sqlx::Error::RowNotFound)
}
