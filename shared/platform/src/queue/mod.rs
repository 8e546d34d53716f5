//! The queue: one JetStream stream, three subject trees, a pull consumer for each.
//!
//! Runs on nats-server 2.9.10 and newer, so only fields that 2.9 knows are used: it drops newer ones silently.

use std::time::Duration;

use async_nats::jetstream::context::{Context, ContextBuilder};
use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

pub mod load;
pub mod message;
pub mod topology;

/// The one stream.
pub const STREAM: &str = "CURBE";

/// The longest that JetStream may take to answer before the answer counts as unknown.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A dead peer is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Connects, and goes on trying for as long as the process lives; the client says itself whether it is connected.
///
/// # Errors
/// Only when the URL or the credentials in it cannot be used at all.
pub async fn connect(url: &str, service: &str) -> Result<Client, async_nats::ConnectError> {
    let (address, user, password) = parts(url)?;
    let options = ConnectOptions::new()
        .name(service)
        .retry_on_initial_connect()
        .ping_interval(PING_INTERVAL)
        .connection_timeout(Duration::from_secs(2));
    let options = match (user, password) {
        (Some(user), Some(password)) => options.user_and_password(user, password),
        (Some(token), None) => options.token(token),
        (None, _) => options,
    };
    options.connect(address).await
}

/// The address alone, and who comes with which password. The client takes neither from an address, and logs it whole.
fn parts(url: &str) -> Result<(ServerAddr, Option<String>, Option<String>), std::io::Error> {
    let mut address = url.parse::<ServerAddr>()?.into_inner();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = Some(address.username()).filter(|user| !user.is_empty()).map(decoded);
    let password = address.password().map(decoded);
    // Only an address without a host cannot have them changed, and such a one has none.
    address.set_username("").ok();
    address.set_password(None).ok();
    Ok((ServerAddr::from_url(address)?, user, password))
}

/// The JetStream context. Made once and cloned: each one made has an acker task of its own.
#[must_use]
pub fn jetstream(client: Client) -> Context {
    ContextBuilder::new().timeout(TIMEOUT).build(client)
}

/// Whether the client has a connection at this moment.
#[must_use]
pub fn is_connected(client: &Client) -> bool {
    client.connection_state() == async_nats::connection::State::Connected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_apart_from_who_comes() {
        let some = |text: &str| Some(text.to_owned());
        for (url, address, user, password) in [
            ("nats://a:4222", "nats://a:4222", None, None),
            ("a:4222", "nats://a:4222", None, None),
            ("nats://curbe:p%40ss@a:4222", "nats://a:4222", some("curbe"), some("p@ss")),
            ("tls://t0k%2Fen@a", "tls://a", some("t0k/en"), None),
        ] {
            let (told, told_user, told_password) = parts(url).unwrap();
            assert_eq!(Ok(told), address.parse::<ServerAddr>().map_err(|_| ()), "{url}");
            assert_eq!((told_user, told_password), (user, password), "{url}");
        }
        assert!(parts("http://a").is_err());
    }
}
