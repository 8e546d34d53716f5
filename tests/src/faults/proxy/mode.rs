//! What a link does with bytes.

use std::time::Duration;

/// In which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They arrive.
    Pass,
    /// Every connection is reset, and so is every new one.
    Cut,
    /// Connections stay open, and nothing comes through before it is healed.
    Silent,
    /// Nothing reaches the server; what it sends arrives.
    SilentToServer,
    /// Everything reaches the server; what it sends comes once it is healed.
    SilentToClient,
    /// Everything reaches the server; what it answers is lost for ever.
    LostReplies,
    /// They arrive so much later.
    Delay(Duration),
}

impl Mode {
    /// Whether bytes wait until it is healed.
    pub(super) fn holds_back(self, direction: Direction) -> bool {
        match self {
            Self::Silent => true,
            Self::SilentToServer => direction == Direction::ToServer,
            Self::SilentToClient => direction == Direction::ToClient,
            Self::Pass | Self::Cut | Self::LostReplies | Self::Delay(_) => false,
        }
    }

    pub(super) fn delay(self) -> Option<Duration> {
        match self {
            Self::Delay(delay) => Some(delay),
            Self::Pass
            | Self::Cut
            | Self::Silent
            | Self::SilentToServer
            | Self::SilentToClient
            | Self::LostReplies => None,
        }
    }
}
