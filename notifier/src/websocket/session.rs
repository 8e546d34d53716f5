//! The life of one socket: hello, welcome, what it missed, then frames and heartbeats until there is a reason to close it.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use metrics::{counter, gauge};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use super::BATCH;
use super::arrival::{Arrived, arrive, hello, known, verified};
use super::close::Close;
use super::from_browser::FromBrowser;
use super::protocol::ToBrowser;
use super::rights::changed;
use super::term::Term;
use super::told::Told;
use super::wire::{Wire, unless};
use crate::app::App;
use crate::fanout::{Outgoing, Place};
use crate::measures;
use crate::store::Caller;

/// A browser has little to say but to answer pings.
const MESSAGES_BETWEEN_HEARTBEATS_MAX: u32 = 60;
/// As many messages as a refresh counts for: Postgres is asked for it.
const REFRESH_MESSAGES: u32 = 10;
const SILENT_HEARTBEATS_MAX: u32 = 2;

/// Serves the socket until it ends.
pub(super) async fn run(app: Arc<App>, socket: WebSocket) {
    gauge!(measures::SOCKETS).increment(1);
    let mut wire = Wire::new(socket);
    // Each part of a socket's life is boxed: it takes no memory before its time, nor afterwards.
    let served = Box::pin(serve(&app, &mut wire));
    let served = unless(app.sockets.time_to_go(), Close::Draining, served);
    let close = match served.await {
        Ok(never) => match never {},
        Err(close) => close,
    };
    counter!(measures::SOCKETS_CLOSED, "code" => close.label()).increment(1);
    tracing::debug!(code = close.label(), "socket closed");
    wire.close(close).await;
    gauge!(measures::SOCKETS).decrement(1);
}

async fn serve(app: &App, wire: &mut Wire) -> Result<Infallible, Close> {
    let hello = Box::pin(hello(app, wire)).await?;
    let mut caller = known(&app.store, hello.token.user_id).await?;
    let mut term = Term::new(hello.token);
    let mut since = hello.since;
    loop {
        let arriving = Box::pin(arrive(app, wire, &caller, since));
        let Arrived { place, seq } =
            unless(sleep_until(term.end()), Close::TokenExpired, arriving).await?;
        let term = &mut term;
        let told = Told::up_to(seq);
        let session = Session { app, wire, caller, place, told, term, unanswered: 0, heard: 0 };
        // What he may see has changed: the browser begins anew with that.
        caller = Box::pin(session.live()).await?;
        since = None;
    }
}

struct Session<'a> {
    app: &'a App,
    wire: &'a mut Wire,
    caller: Caller,
    place: Place,
    told: Told,
    term: &'a mut Term,
    /// Heartbeats since the last sign of life.
    unanswered: u32,
    /// Messages since the last heartbeat.
    heard: u32,
}

impl Session<'_> {
    /// Until there is a reason to close the socket, or the user's role or wallet has changed.
    async fn live(mut self) -> Result<Caller, Close> {
        let mut heartbeat = ticking(self.app.sockets.heartbeat);
        let mut changed = pin!(changed(self.app, self.caller));
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = self.place.overflowed.cancelled() => return Err(Close::SlowReader),
                notice = self.term.next() => self.wire.say(&notice?).await?,
                received = self.wire.receive() => {
                    let caller = self.on_received(received?).await?;
                    if caller != self.caller {
                        return Ok(caller);
                    }
                }
                count = self.place.frames.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Err(Close::Unavailable);
                    }
                    self.send(&mut batch).await?;
                }
                caller = changed.as_mut() => return caller,
                _ = heartbeat.tick() => self.beat().await?,
            }
        }
    }

    /// Who the user is from now on.
    async fn on_received(&mut self, message: Option<FromBrowser>) -> Result<Caller, Close> {
        self.unanswered = 0;
        let is_refresh = matches!(message, Some(FromBrowser::Refresh { .. }));
        self.heard += if is_refresh { REFRESH_MESSAGES } else { 1 };
        if self.heard > MESSAGES_BETWEEN_HEARTBEATS_MAX {
            return Err(Close::Protocol);
        }
        match message {
            // One socket, one user.
            Some(FromBrowser::Hello { .. }) => Err(Close::Protocol),
            Some(FromBrowser::Refresh { token }) => self.refresh(&token).await,
            Some(FromBrowser::Unknown) | None => Ok(self.caller),
        }
    }

    async fn refresh(&mut self, token: &str) -> Result<Caller, Close> {
        let token = verified(self.app, token)?;
        if token.user_id != self.caller.user_id {
            return Err(Close::OtherUser);
        }
        let caller = known(&self.app.store, token.user_id).await?;
        *self.term = Term::new(token);
        self.wire.say(&ToBrowser::Refreshed { expires_at: self.term.expires_at() }).await?;
        Ok(caller)
    }

    async fn send(&mut self, batch: &mut Vec<Outgoing>) -> Result<(), Close> {
        self.told.leave_news(batch);
        let written = self.wire.send(batch);
        unless(self.place.overflowed.cancelled(), Close::SlowReader, written).await?;
        batch.clear();
        Ok(())
    }

    /// Says how far this socket has come. What the room has come to is asked first: all of it that this socket may see
    /// is in the queue by then, and goes out before the number does; and so may something newer.
    async fn beat(&mut self) -> Result<(), Close> {
        if self.unanswered >= SILENT_HEARTBEATS_MAX {
            return Err(Close::Silent);
        }
        self.unanswered += 1;
        self.heard = 0;
        let progress = self.place.progress();
        let mut rest = Vec::new();
        while let Ok(outgoing) = self.place.frames.try_recv() {
            rest.push(outgoing);
        }
        self.send(&mut rest).await?;
        let seq = self.told.reached(progress);
        self.wire.beat(&ToBrowser::Heartbeat { seq }).await
    }
}

/// The first one after a whole period.
fn ticking(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
