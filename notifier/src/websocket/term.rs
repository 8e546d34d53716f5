//! How long a socket may stay open: as long as its token is valid. The browser is told in time to send a new one.

use std::pin::Pin;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, Sleep, sleep_until};

use super::close::Close;
use super::protocol::ToBrowser;
use crate::auth::Token;

/// How long before the end the browser is told.
const NOTICE: Duration = Duration::from_mins(1);
/// Timers do not reach as far as the dates of some tokens.
const LIFE_MAX: Duration = Duration::from_hours(24 * 30);

/// The time left with one token.
pub(super) struct Term {
    expires_at: OffsetDateTime,
    end: Instant,
    is_told: bool,
    /// At first for the notice, then for the end.
    alarm: Pin<Box<Sleep>>,
}

impl Term {
    pub(super) fn new(token: Token) -> Self {
        let left = Duration::try_from(token.expires_at - OffsetDateTime::now_utc());
        let end = Instant::now() + left.unwrap_or(Duration::ZERO).min(LIFE_MAX);
        let notice = end.checked_sub(NOTICE).unwrap_or_else(Instant::now);
        let alarm = Box::pin(sleep_until(notice));
        Self { expires_at: token.expires_at, end, is_told: false, alarm }
    }

    /// When the socket is closed.
    pub(super) fn end(&self) -> Instant {
        self.end
    }

    /// When the token ends, as its issuer wrote it.
    pub(super) fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// Waits for the moment to tell of the end, then for the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<ToBrowser, Close> {
        self.alarm.as_mut().await;
        if self.is_told {
            return Err(Close::TokenExpired);
        }
        self.is_told = true;
        self.alarm.as_mut().reset(self.end);
        Ok(ToBrowser::TokenExpiring { expires_at: self.expires_at })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn term(seconds: i64) -> Term {
        let expires_at = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        Term::new(Token { user_id: Uuid::nil(), expires_at })
    }

    async fn notice_and_end(seconds: i64) -> (u64, u64) {
        let mut term = term(seconds);
        let begun = Instant::now();
        let notice = term.next().await;
        assert!(matches!(notice, Ok(ToBrowser::TokenExpiring { .. })));
        let told = begun.elapsed();
        assert!(matches!(term.next().await, Err(Close::TokenExpired)));
        // The token's own clock is the real one, which goes on between two lines.
        let rounded = |elapsed: Duration| (elapsed + Duration::from_millis(500)).as_secs();
        (rounded(told), rounded(begun.elapsed()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_browser_is_told_a_minute_before_the_end_or_at_once() {
        assert_eq!(notice_and_end(3600).await, (3540, 3600));
        assert_eq!(notice_and_end(61).await, (1, 61));
        assert_eq!(notice_and_end(20).await, (0, 20));
        assert_eq!(notice_and_end(-3).await, (0, 0));
        let month = 30 * 24 * 3600;
        assert_eq!(notice_and_end(i64::from(u32::MAX)).await, (month - 60, month));
    }
}
