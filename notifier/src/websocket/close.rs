//! Why a socket is closed. The code tells the browser what to do: 4000 to 4499 mean "come back", after a pause that
//! grows and is a little random; 4500 to 4999 mean "do not", as the answer would be the same.
//!
//! | code | reason | the browser |
//! | --- | --- | --- |
//! | 4001 | no `hello` within ten seconds | comes back |
//! | 4002 | the token has expired | comes back with a new one |
//! | 4008 | it read too slowly | comes back |
//! | 4009 | no sign of life for two heartbeats | comes back |
//! | 4010 | nothing can be read at the moment | comes back |
//! | 4012 | this process is ending | comes back, to another one |
//! | 4013 | the user has too many sockets; those of dead browsers are among them for a while | comes back |
//! | 4501 | the token is not valid, or its user unknown | does not |
//! | 4503 | the user's organization has no wallet, or a `refresh` brought another user's token | does not |
//! | 4505 | not this protocol: no JSON, no `hello` or a second one, too large, too many messages | does not |
//!
//! Who comes back says in `hello` how far he has come, and has lost nothing.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    HelloTimeout,
    TokenExpired,
    SlowReader,
    Silent,
    Unavailable,
    Draining,
    TooMany,
    Unauthorized,
    NoWallet,
    OtherUser,
    Protocol,
    /// The browser closed it, or is gone.
    Peer,
}

impl Close {
    /// What the browser is told; nothing where it went by itself.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::HelloTimeout => (4001, "no hello in time"),
            Self::TokenExpired => (4002, "token expired"),
            Self::SlowReader => (4008, "too slow"),
            Self::Silent => (4009, "no sign of life"),
            Self::Unavailable => (4010, "not available at the moment"),
            Self::Draining => (4012, "draining"),
            Self::TooMany => (4013, "too many connections"),
            Self::Unauthorized => (4501, "unauthorized"),
            Self::NoWallet => (4503, "no wallet"),
            Self::OtherUser => (4503, "another user's token"),
            Self::Protocol => (4505, "protocol error"),
            Self::Peer => return None,
        };
        Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
    }

    /// The label of `curbe_ws_closed_total`.
    pub(super) fn label(self) -> String {
        self.frame().map_or_else(|| "peer".to_owned(), |frame| frame.code.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_code_says_whether_to_come_back() {
        use Close::{
            Draining, HelloTimeout, Silent, SlowReader, TokenExpired, TooMany, Unavailable,
        };
        for close in
            [HelloTimeout, TokenExpired, SlowReader, Silent, Unavailable, Draining, TooMany]
        {
            assert!((4000..4500).contains(&close.frame().unwrap().code), "{close:?}");
        }
        use Close::{NoWallet, OtherUser, Protocol, Unauthorized};
        for close in [Unauthorized, NoWallet, OtherUser, Protocol] {
            assert!((4500..5000).contains(&close.frame().unwrap().code), "{close:?}");
        }
        assert_eq!(Close::SlowReader.label(), "4008");
        assert_eq!(Close::Peer.label(), "peer");
    }
}
