//! The life of one socket: hello, welcome, then frames and heartbeats until there is a reason to close it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use metrics::{counter, gauge};
use time::OffsetDateTime;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};

use super::close::Close;
use super::protocol::{FromBrowser, Standing, ToBrowser};
use super::wire::{Wire, unless};
use crate::app::App;
use crate::auth::{Refusal, Token};
use crate::fanout::{Outgoing, Place, Refused, Viewer};
use crate::measures;
use crate::store::Caller;

const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Postgres and Redis may take until there is a welcome.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// Frames written at once.
const BATCH: usize = 32;
/// A browser has nothing to say but to answer pings.
const MESSAGES_BETWEEN_HEARTBEATS_MAX: u32 = 60;
const SILENT_HEARTBEATS_MAX: u32 = 2;
/// Timers do not reach as far as the dates of some tokens.
const LIFE_MAX: Duration = Duration::from_hours(24 * 30);

/// Serves the socket until it ends.
pub(super) async fn run(app: Arc<App>, socket: WebSocket) {
    gauge!(measures::SOCKETS).increment(1);
    let mut wire = Wire::new(socket);
    let draining = app.sockets.drain.clone();
    // Each part of a socket's life is boxed: it takes no memory before its time, nor afterwards.
    let served = Box::pin(serve(&app, &mut wire));
    let served = unless(draining.cancelled(), Close::Draining, served);
    let close = match served.await {
        Ok(never) => match never {},
        Err(close) => close,
    };
    counter!(measures::SOCKETS_CLOSED, "code" => close.label()).increment(1);
    tracing::debug!(code = close.label(), "socket closed");
    wire.close(close).await;
    gauge!(measures::SOCKETS).decrement(1);
}

async fn serve(app: &App, wire: &mut Wire) -> Result<std::convert::Infallible, Close> {
    let hello =
        timeout(HELLO_TIMEOUT, Box::pin(hello(wire))).await.map_err(|_| Close::HelloTimeout)?;
    let token = app.verifier.verify(&hello?).map_err(|refusal| match refusal {
        Refusal::Expired | Refusal::Invalid => Close::Unauthorized,
    })?;
    let arrived = timeout(WELCOME_TIMEOUT, Box::pin(arrive(app, wire, token)));
    let (place, seq) = arrived.await.map_err(|_| Close::Unavailable)??;
    let overflowed = place.overflowed.clone();
    let session = Session { wire, place, seq, unanswered: 0, heard: 0 };
    let life = Box::pin(session.live(app.sockets.heartbeat));
    let living = unless(overflowed.cancelled(), Close::SlowReader, life);
    unless(sleep(life_of(token)), Close::TokenExpired, living).await
}

async fn hello(wire: &mut Wire) -> Result<String, Close> {
    loop {
        match wire.receive().await? {
            Some(FromBrowser::Hello { token, .. }) => return Ok(token),
            Some(FromBrowser::Unknown) => return Err(Close::Protocol),
            None => {}
        }
    }
}

/// Finds out who it is, takes a place in his wallet's room, and says how the wallet stands.
async fn arrive(app: &App, wire: &mut Wire, token: Token) -> Result<(Place, i64), Close> {
    let caller = known(app, token).await?;
    let wallet_id = caller.wallet_id.ok_or(Close::NoWallet)?;
    let mut place =
        app.rooms.join(wallet_id, Viewer::from(&caller)).await.map_err(
            |refused| match refused {
                Refused::TooMany => Close::TooMany,
                Refused::Ending => Close::Draining,
            },
        )?;
    let wallet = (&mut place.snapshot).await.map_err(|_| Close::Unavailable)?;
    let welcome = ToBrowser::Welcome {
        seq: wallet.seq,
        resumed: false,
        heartbeat_seconds: app.sockets.heartbeat.as_secs(),
        data: Standing::from(&wallet),
    };
    wire.send([Message::Text(welcome.to_json().into())]).await?;
    tracing::debug!(wallet = %wallet_id, user = %caller.user_id, seq = wallet.seq, "socket welcomed");
    Ok((place, wallet.seq))
}

async fn known(app: &App, token: Token) -> Result<Caller, Close> {
    let _leave = app.store.in_background().await;
    match app.store.caller(token.user_id).await {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => Err(Close::Unauthorized),
        Err(error) => {
            tracing::warn!(%error, "a socket's user cannot be read");
            Err(Close::Unavailable)
        }
    }
}

fn life_of(token: Token) -> Duration {
    let left = token.expires_at - OffsetDateTime::now_utc();
    Duration::try_from(left).unwrap_or(Duration::ZERO).min(LIFE_MAX)
}

struct Session<'a> {
    wire: &'a mut Wire,
    place: Place,
    /// What the welcome contained, so that no frame tells of it again.
    seq: i64,
    /// Heartbeats since the last sign of life.
    unanswered: u32,
    /// Messages since the last heartbeat.
    heard: u32,
}

impl Session<'_> {
    async fn live(mut self, heartbeat: Duration) -> Result<std::convert::Infallible, Close> {
        let mut heartbeat = ticking(heartbeat);
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                received = self.wire.receive() => self.on_received(received?)?,
                count = self.place.frames.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Err(Close::Unavailable);
                    }
                    self.send(std::mem::take(&mut batch)).await?;
                }
                _ = heartbeat.tick() => self.beat().await?,
            }
        }
    }

    fn on_received(&mut self, message: Option<FromBrowser>) -> Result<(), Close> {
        self.unanswered = 0;
        self.heard += 1;
        match message {
            // One socket, one user.
            Some(FromBrowser::Hello { .. }) => Err(Close::Protocol),
            Some(FromBrowser::Unknown) | None if self.heard > MESSAGES_BETWEEN_HEARTBEATS_MAX => {
                Err(Close::Protocol)
            }
            Some(FromBrowser::Unknown) | None => Ok(()),
        }
    }

    async fn send(&mut self, mut batch: Vec<Outgoing>) -> Result<(), Close> {
        batch.retain(|outgoing| outgoing.seq > self.seq);
        for outgoing in &batch {
            counter!(measures::FRAMES_SENT, "type" => outgoing.kind).increment(1);
        }
        let messages = batch.into_iter().map(|outgoing| Message::Text(outgoing.text));
        self.wire.send(messages).await
    }

    /// Says how far this socket has come. What the room has come to is asked first: all of it that this socket may see
    /// is in the queue by then, and goes out before the number does.
    async fn beat(&mut self) -> Result<(), Close> {
        if self.unanswered >= SILENT_HEARTBEATS_MAX {
            return Err(Close::Silent);
        }
        self.unanswered += 1;
        self.heard = 0;
        let seq = self.place.progress().max(self.seq);
        let mut rest = Vec::new();
        while let Ok(outgoing) = self.place.frames.try_recv() {
            rest.push(outgoing);
        }
        self.send(rest).await?;
        let heartbeat = ToBrowser::Heartbeat { seq };
        counter!(measures::FRAMES_SENT, "type" => "heartbeat").increment(1);
        self.wire
            .send([Message::Text(heartbeat.to_json().into()), Message::Ping(Bytes::new())])
            .await
    }
}

/// The first one after a whole period.
fn ticking(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
