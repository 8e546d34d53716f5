//! What all measurements stand on: a stack, a thousand wallets with money, prices, and signed hangups.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use curbe_platform::queue::STREAM;
use curbe_platform::queue::topology::BILLING;
use sqlx::PgPool;
use uuid::Uuid;

use super::{WALLETS, http, say};
use crate::simulator::flow::{VOICE_EVENTS, VOICE_REQUEST};
use crate::simulator::sign::{Signer, Webhook};
use crate::simulator::twilio::TwilioCall;
use crate::stack::services::{Kind, Service};
use crate::stack::{Stack, StackOptions, paths};

/// Whom everybody calls, for 61 seconds.
pub(super) const CALLED: &str = "+525512345678";
pub(super) const SECONDS: u32 = 61;
/// The longest that any measurement may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// Often enough for runs of seconds, rarely enough to cost nothing.
const LOOK: Duration = Duration::from_millis(20);
const STOP: Duration = Duration::from_secs(30);

const CUSTOMERS: &str = "
    with made as materialized (
        select gen_random_uuid() as organization, gen_random_uuid() as person, gen_random_uuid() as wallet, n
        from generate_series(0, $1 - 1) n
    ), o as (
        insert into organizations (id, name) select organization, 'Bench ' || n from made
    ), u as (
        insert into users (id, organization_id, email, role)
        select person, organization, 'bench' || n || '@bench.example', 'admin' from made
    ), w as (
        insert into wallets (id, user_id, organization_id, balance, version, seq)
        select wallet, person, organization, 900000, 1, 1 from made
    ), p as (
        insert into phone_numbers (e164, user_id, provider)
        select '+1415' || lpad(n::text, 7, '0'), person, 'twilio' from made
    )
    insert into wallet_transactions (wallet_id, amount, type, seq, balance_after, external_reference)
    select wallet, 900000, 'refill', 1, 900000, 'bench' from made";
const PRICES: &str = "
    insert into call_rates (prefix, rate_per_minute, connection_fee)
    select '52', 0.0132, 0.0010 union all select n::text, 0.02, 0 from generate_series(60000, 69999) n";

/// The stack with its customers.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) stack: Stack,
    pub(super) worker: Arc<Service>,
    signer: Signer,
    queue: jetstream::Context,
}

impl Ground {
    /// Starts everything; the worker is stopped again until somebody needs it.
    pub(super) async fn prepare() -> Result<Self> {
        let folder = paths::local().join("bench");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("the last bench's data")?;
        }
        let stack = Stack::start(StackOptions::new(folder)).await?;
        let wallets = i32::try_from(WALLETS)?;
        sqlx::query(CUSTOMERS).bind(wallets).execute(stack.pool()).await?;
        sqlx::query(PRICES).execute(stack.pool()).await?;
        sqlx::query("analyze").execute(stack.pool()).await?;
        stack.start_services().await?;
        let worker = stack.services_of(Kind::Worker).remove(0);
        let signer = Signer::new(&stack.secrets().twilio_auth_token, &stack.ingest_url());
        let queue = jetstream::new(async_nats::connect(stack.nats_url()).await?);
        let ground = Self { stack, worker, signer, queue };
        ground.stop_worker().await?;
        Ok(ground)
    }

    pub(super) fn pool(&self) -> &PgPool {
        self.stack.pool()
    }

    pub(super) async fn stop_worker(&self) -> Result<()> {
        self.worker.process().terminate();
        self.worker.process().ended(STOP).await.map(drop)
    }

    /// A signed hangup of that wallet's number.
    pub(super) fn hangup(&self, wallet: usize) -> (TwilioCall, Webhook) {
        let from = format!("+1415{wallet:07}");
        let call = TwilioCall::outbound(&from, CALLED).completed(SECONDS);
        let webhook = self.signer.form(VOICE_EVENTS, &call.hangup());
        (call, webhook)
    }

    /// The bytes of so many hangups, wallets in turn.
    pub(super) fn requests(&self, count: usize, wallets: usize) -> Arc<Vec<Vec<u8>>> {
        let request = |number: usize| http::bytes(&self.hangup(number % wallets).1);
        Arc::new((0..count).map(request).collect())
    }

    /// The bytes of so many requests for instructions, wallets in turn.
    pub(super) fn asks(&self, count: usize) -> Vec<Vec<u8>> {
        let request = |number: usize| {
            let from = format!("+1415{:07}", number % WALLETS);
            let call = TwilioCall::outbound(&from, CALLED);
            http::bytes(&self.signer.form(VOICE_REQUEST, &call.voice_request()))
        };
        (0..count).map(request).collect()
    }

    /// Waits until so many calls have been authorized.
    pub(super) async fn until_authorized(&self, wanted: usize) -> Result<()> {
        let begin = Instant::now();
        loop {
            let known: i64 = sqlx::query_scalar("select count(*) from authorizations")
                .fetch_one(self.pool())
                .await?;
            if usize::try_from(known)? >= wanted {
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "{known} of {wanted} calls authorized");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Events on the queue that the worker has not answered for.
    pub(super) async fn waiting(&self) -> Result<usize> {
        let stream = self.queue.get_stream(STREAM).await?;
        let info = stream.consumer_info(BILLING.name).await?;
        Ok(usize::try_from(info.num_pending)? + info.num_ack_pending)
    }

    /// Calls in the books. Each took two numbers of its wallet, and its wallet's payment the first one.
    pub(super) async fn committed(&self) -> Result<usize> {
        let given: i64 = sqlx::query_scalar("select sum(seq - 1)::bigint from wallets")
            .fetch_one(self.pool())
            .await?;
        Ok(usize::try_from(given)? / 2)
    }

    /// Waits until so many calls are in the books; when the first of them was seen to be, and how many were then.
    pub(super) async fn until_committed(&self, wanted: usize) -> Result<(Instant, usize)> {
        let (begin, before) = (Instant::now(), self.committed().await?);
        let mut first = None;
        loop {
            let committed = self.committed().await?;
            if committed > before && first.is_none() {
                first = Some((Instant::now(), committed));
            }
            if committed >= wanted {
                return first.context("calls to wait for");
            }
            ensure!(begin.elapsed() < PATIENCE, "{committed} of {wanted} calls after {PATIENCE:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The ids of the first users.
    pub(super) async fn users(&self, count: usize) -> Result<Vec<Uuid>> {
        let users = "select user_id from phone_numbers order by e164 limit $1";
        Ok(sqlx::query_scalar(users).bind(i64::try_from(count)?).fetch_all(self.pool()).await?)
    }

    /// What was measured must have been done right.
    pub(super) async fn audit(&self) -> Result<()> {
        let committed = self.committed().await?;
        say(&format!("{committed} calls in the books; auditing them"));
        let output = self.stack.curbe(&["audit"]).await?;
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "curbe audit: {}\n{words}{errors}", output.status);
        Ok(())
    }
}
