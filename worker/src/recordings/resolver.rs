//! Names to addresses, leaving out every address that is not public. The connection is made to the very address that
//! was judged: a name that changes its answer in between gains nothing.

use std::error::Error;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::address::is_public;

/// All addresses of a name are inside.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
pub(super) struct PrivateAddress;

/// The system's resolver, filtered. Addresses written into a link never come here: the list of hosts judges them.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(PrivateAddress) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_ourselves_leads_nowhere() {
        let name = "localhost".parse().unwrap();
        let refused = PublicResolver.resolve(name).await.err().unwrap();
        assert!(refused.is::<PrivateAddress>(), "{refused}");
    }
}
