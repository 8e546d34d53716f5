//! The calls of the demo with something special about them: recorded ones, one whose answer is never told, and those
//! that go wrong.

use anyhow::Result;
use time::OffsetDateTime;
use uuid::Uuid;

use super::calls::Sent;
use super::people::People;
use super::postman::Postman;
use super::say;
use super::screen::Screen;
use crate::simulator::flow::{Customer, Provider, VOICE_EVENTS};
use crate::simulator::placed::Dialled;
use crate::simulator::telnyx::play::play;
use crate::simulator::telnyx::script::Script;
use crate::simulator::twilio::TwilioCall;

impl Sent {
    /// One recorded call at each provider, whose recording is heard as soon as it is on the screen.
    ///
    /// # Errors
    /// A frame does not come, or a recording is not played.
    pub async fn recorded(
        &mut self,
        people: &People,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<()> {
        for provider in Provider::ALL {
            let dialled = Dialled::completed(provider, "+525512345678", 125);
            let mut placed = postman.placed(&people.ben, &people.acme, dialled);
            placed.leg.recording_url = Some(placed.recording_url.clone());
            let (log, _) = self.until_seen(&placed, postman, screen).await?;
            postman.keep_recording(&placed.leg);
            postman.event(&placed.recording).await;
            let heard = screen.recording(&log["id"]).await?;
            say(&format!("  {:<12}{heard}", provider.as_str()));
        }
        Ok(())
    }

    /// What must be kept for a person to look at, and what must not even be let in.
    ///
    /// # Errors
    /// A frame does not come.
    pub async fn gone_wrong(
        &mut self,
        people: &People,
        postman: &Postman,
        screen: &mut Screen,
    ) -> Result<()> {
        let twilio =
            |call: &TwilioCall| postman.signers().twilio.form(VOICE_EVENTS, &call.hangup());
        let told_twice = Dialled::completed(Provider::Twilio, "+525512345678", 60);
        let told_twice = postman.placed(&people.ben, &people.acme, told_twice);
        self.until_seen(&told_twice, postman, screen).await?;
        let number = people.ben.number(Provider::Twilio);
        let longer = TwilioCall::outbound(number, "+525512345678").completed(75);
        postman.event(&twilio(&longer.sid(told_twice.leg.id().to_owned()))).await;
        self.refused("conflict");

        let strangers = TwilioCall::outbound("+33123456789", "+525512345678").completed(60);
        let account = "AC00000000000000000000000000000009".to_owned();
        postman.event(&twilio(&TwilioCall { account, ..strangers })).await;
        self.calls += 1;
        self.refused("unknown_owner");

        let to_nowhere = Dialled::completed(Provider::SignalWire, "+81312345678", 60);
        let to_nowhere = postman.placed(&people.carla, &people.globex, to_nowhere);
        postman.event(&to_nowhere.webhooks[0]).await;
        self.charged(&to_nowhere);
        self.refused("no_rate");

        let nothing = vec![("Something", "that is no call".to_owned())];
        postman.event(&postman.signers().twilio.form(VOICE_EVENTS, &nothing)).await;
        self.refused("unreadable");

        for provider in Provider::ALL {
            let dialled = Dialled::completed(provider, "+525512345678", 3_600);
            for webhook in postman.placed(&people.ben, &people.acme, dialled).webhooks {
                postman.forgery(&webhook.forged()).await;
            }
        }
        Ok(())
    }

    /// A call at Telnyx whose answer is never told: 5 s after its end it is charged from its beginning.
    pub async fn answer_untold(&mut self, people: &People, postman: &Postman) {
        let script = Script { answer_told: false, ..Script::outbound(75) };
        let customers = people.customers();
        let at_telnyx = |customer: &&Customer| customer.provider == Some(Provider::Telnyx);
        let Some(customer) = customers.iter().find(at_telnyx) else { return };
        let now = OffsetDateTime::now_utc();
        let told = play(&script, customer, ["+525512345678", ""], now, Uuid::new_v4());
        for event in &told.events {
            postman.event(&event.signed(&postman.signers().telnyx, now)).await;
        }
        self.calls += 1;
        self.legs.extend(told.legs);
    }
}
