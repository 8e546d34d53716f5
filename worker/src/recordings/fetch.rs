//! One GET at a provider, redirects included, each of which is judged like the first link.

use std::error::Error;
use std::time::Duration;

use anyhow::Context as _;
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use super::credentials::Credential;
use super::failure::Failure;
use super::hosts::{Hosts, Refused};
use super::resolver::{PrivateAddress, PublicResolver};

const REDIRECTS_MAX: usize = 3;
/// A provider that takes longer to accept a connection is not there; the deadline of the whole is longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// Fetches from the providers' hosts and from nowhere else.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    client: Client,
    hosts: Hosts,
}

/// An answer that is no redirect.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) response: Response,
    /// Whether the host that answered was shown our credentials: then a refusal is about them.
    pub(super) is_signed: bool,
}

impl Fetcher {
    /// # Errors
    /// The system has no root certificates.
    pub(super) fn new(hosts: Hosts) -> anyhow::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            // A proxy would resolve the names, and nobody would judge the addresses.
            .no_proxy()
            .dns_resolver(PublicResolver)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_CONNECTION)
            .user_agent(concat!("curbe/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { client: client.context("cannot verify other servers' certificates")?, hosts })
    }

    /// Asks for a link. The credential is shown to its own origin only, and no more once a redirect has led elsewhere.
    pub(super) async fn get(
        &self,
        mut link: Url,
        headers: &HeaderMap,
        mut credential: Option<Credential>,
    ) -> Result<Fetched, Failure> {
        for _ in 0..=REDIRECTS_MAX {
            self.hosts
                .judge(&link)
                .map_err(|refused| Failure::Refused(refused, link.host_str().map(str::to_owned)))?;
            credential = credential.filter(|credential| credential.is_for(&link));
            let identity = HeaderValue::from_static("identity");
            let request = self.client.get(link.clone()).headers(headers.clone());
            let request = request.header(ACCEPT_ENCODING, identity);
            let request = match &credential {
                Some(credential) => credential.sign(request),
                None => request,
            };
            let response = request.send().await.map_err(|error| unreachable(&error))?;
            if !is_redirect(response.status()) {
                return Ok(Fetched { response, is_signed: credential.is_some() });
            }
            link = target(&response).ok_or(Failure::NoLink)?;
        }
        Err(Failure::Redirects)
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn target(redirect: &Response) -> Option<Url> {
    let location = redirect.headers().get(LOCATION)?.to_str().ok()?;
    redirect.url().join(location).ok()
}

/// The innermost cause alone: what stands around it holds the link, and links open recordings.
pub(super) fn unreachable(error: &reqwest::Error) -> Failure {
    let host = error.url().and_then(Url::host_str).map(str::to_owned);
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    let mut cause = error.source();
    while let Some(source) = cause.and_then(Error::source) {
        cause = Some(source);
    }
    match cause {
        Some(cause) if cause.is::<PrivateAddress>() => {
            Failure::Refused(Refused::PrivateAddress, host)
        }
        Some(cause) => Failure::Unreachable(cause.to_string(), host),
        None => Failure::Unreachable("the request could not be made".to_owned(), host),
    }
}
