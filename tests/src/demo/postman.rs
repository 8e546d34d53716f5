//! Sends the demo's webhooks and keeps count: how many, how they were answered, and when each was first sent.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Result;
use futures_util::{StreamExt, stream};

use super::people::{Organization, Person};
use crate::simulator::flow::{ExpectedLeg, Provider, Request};
use crate::simulator::instructions::Document;
use crate::simulator::placed::{Dialled, Placed};
use crate::simulator::provider_api::ProviderApi;
use crate::simulator::send::Sender;
use crate::simulator::sign::Webhook;
use crate::simulator::signers::Signers;
use crate::stack::Stack;

/// Webhooks on the way at once while there is load.
const AT_ONCE: usize = 16;

/// What was sent so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Everything.
    pub sent: usize,
    /// Answered 403, as it had to be.
    pub refused: usize,
    /// Answered otherwise than it had to be, in words.
    pub wrong: Vec<String>,
}

/// The providers' side of the demo.
#[derive(Debug)]
pub struct Postman {
    sender: Sender,
    signers: Signers,
    provider_api: ProviderApi,
    tally: Mutex<Tally>,
    first_sent: Mutex<HashMap<usize, Instant>>,
}

impl Postman {
    /// Signs and sends for this stack, whose worker finds the recordings of its calls at `provider_api`.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(stack: &Stack, provider_api: ProviderApi) -> Result<Self> {
        let url = stack.ingest_url();
        Ok(Self {
            sender: Sender::new(&url)?,
            signers: Signers::new(stack.secrets(), &url),
            provider_api,
            tally: Mutex::default(),
            first_sent: Mutex::default(),
        })
    }

    /// Make the signed webhooks.
    pub fn signers(&self) -> &Signers {
        &self.signers
    }

    /// Where SignalWire keeps recordings.
    pub fn files(&self) -> &str {
        self.provider_api.storage.url()
    }

    /// A call of somebody in an organization that ends now.
    pub fn placed(
        &self,
        person: &Person,
        organization: &Organization,
        dialled: Dialled<'_>,
    ) -> Placed {
        let customer = organization.customer(person, dialled.provider);
        Placed::by(&customer, dialled, &self.signers, self.files())
    }

    /// Lets Telnyx find the recording of a leg, if it has one; the others need only its link.
    pub fn keep_recording(&self, leg: &ExpectedLeg) {
        if leg.provider == Provider::Telnyx && leg.recording_url.is_some() {
            self.provider_api.telnyx_records(leg.id());
        }
    }

    /// What was sent so far.
    pub fn tally(&self) -> Tally {
        held(&self.tally).clone()
    }

    /// Sends one webhook, which must be taken.
    pub async fn event(&self, webhook: &Webhook) {
        self.post(webhook, false).await;
    }

    /// Sends one webhook, which must be refused.
    pub async fn forgery(&self, webhook: &Webhook) {
        self.post(webhook, true).await;
    }

    /// Sends all of them, several at once.
    pub async fn send_all(&self, requests: &[Request]) {
        let send = async |request: &Request| {
            held(&self.first_sent).entry(request.event).or_insert_with(Instant::now);
            self.post(&request.webhook, request.forged).await;
        };
        stream::iter(requests).for_each_concurrent(AT_ONCE, send).await;
    }

    /// Asks whether a call may begin; what its provider is told.
    pub async fn ask(&self, request: &Webhook) -> Document {
        let answer = self.sender.send(request).await;
        let mut tally = held(&self.tally);
        tally.sent += 1;
        match answer {
            Ok(answer) if answer.status == 200 => return Document(answer.body),
            Ok(answer) => tally.wrong.push(words(request, &answer.status.to_string())),
            Err(error) => tally.wrong.push(words(request, &format!("{error:#}"))),
        }
        Document(String::new())
    }

    /// Counts something that is not as it had to be.
    pub fn complain(&self, words: String) {
        held(&self.tally).wrong.push(words);
    }

    async fn post(&self, webhook: &Webhook, forged: bool) {
        let answer = self.sender.send(webhook).await;
        let mut tally = held(&self.tally);
        tally.sent += 1;
        match answer {
            Ok(answer) if forged && answer.status == 403 => tally.refused += 1,
            Ok(answer) if !forged && answer.is_success() => {}
            Ok(answer) => tally.wrong.push(words(webhook, &answer.status.to_string())),
            Err(error) => tally.wrong.push(words(webhook, &format!("{error:#}"))),
        }
    }

    /// When this event was first sent.
    pub fn first_sent(&self, event: usize) -> Option<Instant> {
        held(&self.first_sent).get(&event).copied()
    }
}

fn words(webhook: &Webhook, answer: &str) -> String {
    format!("{answer} for {}", String::from_utf8_lossy(&webhook.body))
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
