//! Credit before the call, and before a purchase: a call that is cut by its limit, one that is refused, and a number that
//! nobody can pay.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::calls::Sent;
use super::people::People;
use super::postman::Postman;
use super::say;
use crate::simulator::flow::{ExpectedLeg, Length, Provider, VOICE_EVENTS, VOICE_REQUEST};
use crate::simulator::sign::Webhook;
use crate::simulator::twilio::TwilioCall;
use crate::stack::Stack;

const MEXICO: &str = "+525512345678";

impl Sent {
    /// Somebody with little money.
    ///
    /// # Errors
    /// The worker does not answer.
    pub async fn on_credit(
        &mut self,
        people: &People,
        postman: &Postman,
        stack: &Stack,
    ) -> Result<()> {
        let provider = Provider::Twilio;
        let account = people.initech.account(provider).to_owned();
        let number = people.dora.number(provider);
        let call =
            || TwilioCall { account: account.clone(), ..TwilioCall::outbound(number, MEXICO) };

        let first = call();
        let Some(limit) = postman.ask(&asking(&first, postman)).await.limit() else {
            postman.complain("a call that can be paid was refused".to_owned());
            return Ok(());
        };
        let (who, paid) = (people.dora.email, people.initech.paid);
        say(&format!("  {who} has {paid}: she may talk for {limit} s, and is cut then"));
        // Its own end is told two seconds after that.
        let cut = self.ended(&first.completed(limit + 2), people, postman).await;
        self.settles(&cut, stack).await?;

        let second = call();
        let answer = postman.ask(&asking(&second, postman)).await;
        let words = answer.text("Say").unwrap_or_default().to_owned();
        say(&format!("  her next call is told: {words:?}"));
        if answer.limit().is_some() || words.is_empty() {
            postman.complain(format!("a call that cannot be paid was answered {}", answer.0));
        }
        self.ended(&second.completed(6), people, postman).await;
        if let Some(refused) = self.legs.last_mut() {
            refused.refused = true;
        }
        self.buys_a_number(people, postman, stack).await
    }

    /// A call of hers is over; its id.
    async fn ended(&mut self, call: &TwilioCall, people: &People, postman: &Postman) -> String {
        postman.event(&postman.signers().twilio.form(VOICE_EVENTS, &call.hangup())).await;
        let length = Length::stated(call.seconds, call.ended_at);
        let (names, wallet) = (vec![call.sid.clone()], people.initech.wallet);
        self.calls += 1;
        self.legs.push(ExpectedLeg::outbound(Provider::Twilio, names, wallet, MEXICO, length));
        call.sid.clone()
    }

    /// Waits until a call is in the books.
    async fn settles(&self, sid: &str, stack: &Stack) -> Result<()> {
        let settled = "select settled_as from call_legs where leg = $1";
        let waiting = crate::stack::wait_for(super::SETTLING, "a call in the books", async || {
            let asked = sqlx::query_scalar(settled).bind(sid);
            let found: Option<Option<String>> =
                asked.fetch_optional(stack.pool()).await.map_err(|error| error.to_string())?;
            found.flatten().map(drop).ok_or_else(|| "not settled".to_owned())
        });
        waiting.await
    }

    async fn buys_a_number(&self, people: &People, postman: &Postman, stack: &Stack) -> Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let purchase = json!({
            "organizationId": people.initech.id,
            "action": "number_purchase",
            "estimatedCost": "2.0000",
            "reference": "+14155559999",
            "ttlSeconds": 60,
        });
        let url = format!("{}/api/gatekeeper/authorizations", stack.worker_url());
        let asked = client
            .post(url)
            .bearer_auth(&stack.secrets().service_token)
            .header("Idempotency-Key", "demo-number")
            .json(&purchase);
        let answer = asked.send().await.context("the gatekeeper")?;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await?;
        let (title, available) = (&problem["title"], &problem["available"]);
        say(&format!(
            "  a number for 2.0000 is refused with {status} {title}: {available} is available"
        ));
        if (status, title) != (402, &json!("Insufficient Funds")) {
            postman.complain(format!(
                "a purchase that cannot be paid was answered {status} {problem}"
            ));
        }
        Ok(())
    }
}

fn asking(call: &TwilioCall, postman: &Postman) -> Webhook {
    postman.signers().twilio.form(VOICE_REQUEST, &call.voice_request())
}
