//! Sends the demo's webhooks and keeps count: how many, how they were answered, and when each was first sent.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Result;
use futures_util::{StreamExt, stream};

use crate::simulator::flow::{Request, VOICE_EVENTS};
use crate::simulator::send::Sender;
use crate::simulator::sign::{Signer, Webhook};
use crate::simulator::twilio::Fields;
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

/// The provider's side of the demo.
#[derive(Debug)]
pub struct Postman {
    sender: Sender,
    signer: Signer,
    tally: Mutex<Tally>,
    first_sent: Mutex<HashMap<Vec<u8>, Instant>>,
}

impl Postman {
    /// Signs and sends for this stack.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(stack: &Stack) -> Result<Self> {
        let url = stack.ingest_url();
        Ok(Self {
            sender: Sender::new(&url)?,
            signer: Signer::new(&stack.secrets().twilio_auth_token, &url),
            tally: Mutex::default(),
            first_sent: Mutex::default(),
        })
    }

    /// Makes the signed webhooks.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What was sent so far.
    pub fn tally(&self) -> Tally {
        held(&self.tally).clone()
    }

    /// Sends one event, signed.
    pub async fn event(&self, fields: &Fields) {
        let webhook = self.signer.form(VOICE_EVENTS, fields);
        self.send(&Request { webhook, forged: false }).await;
    }

    /// Sends one request and judges the answer.
    pub async fn send(&self, request: &Request) {
        let webhook = &request.webhook;
        held(&self.first_sent).entry(webhook.body.clone()).or_insert_with(Instant::now);
        let answer = self.sender.send(webhook).await;
        let mut tally = held(&self.tally);
        tally.sent += 1;
        match answer {
            Ok(answer) if request.forged && answer.status == 403 => tally.refused += 1,
            Ok(answer) if !request.forged && answer.is_success() => {}
            Ok(answer) => tally.wrong.push(words(webhook, &answer.status.to_string())),
            Err(error) => tally.wrong.push(words(webhook, &format!("{error:#}"))),
        }
    }

    /// Sends all of them, several at once.
    pub async fn send_all(&self, requests: &[Request]) {
        stream::iter(requests).for_each_concurrent(AT_ONCE, |request| self.send(request)).await;
    }

    /// When this event was first sent.
    pub fn first_sent(&self, fields: &Fields) -> Option<Instant> {
        let body = self.signer.form(VOICE_EVENTS, fields).body;
        held(&self.first_sent).get(&body).copied()
    }
}

fn words(webhook: &Webhook, answer: &str) -> String {
    format!("{answer} for {}", String::from_utf8_lossy(&webhook.body))
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
