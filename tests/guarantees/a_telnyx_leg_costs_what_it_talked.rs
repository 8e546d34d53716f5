//! A Telnyx leg costs what it talked, whatever is told of it in which order: Telnyx tells no duration with a hangup, so
//! it is found from the answer, guessed without one, and corrected by a row of its own once more is known.

use curbe_tests::simulator::telnyx::{Cause, Event, TelnyxLeg};
use curbe_tests::simulator::twilio::Status;
use curbe_tests::stack::wait_until;

use crate::fixture::customers::{OPENING, User};
use crate::fixture::{Bank, SOON};

/// 61 s to Mexico; with its ringing it would have been 67 s, which costs as much.
const PRICE: &str = "0.0274";
const MEXICO: &str = "+523312345678";

struct Telnyx {
    bank: Bank,
    user: User,
}

impl Telnyx {
    async fn open() -> Self {
        let bank = Bank::open().await;
        Self { user: bank.customer().await, bank }
    }

    fn calls(&self, seconds: u32) -> TelnyxLeg {
        TelnyxLeg::outbound(&self.user.number, MEXICO, seconds)
    }

    async fn tell(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.bank.tell_telnyx(&event).await;
        }
    }

    /// Waits until everything posted for a leg is this, in the order of posting.
    async fn paid(&self, leg: &TelnyxLeg, expected: &[&str]) {
        let postings = "select t.type::text || ' ' || t.amount from wallet_transactions t
            join call_logs l on l.id = t.reference_id where l.external_call_id = any($1) order by t.seq";
        wait_until(SOON, "a leg to be paid for", async || {
            let rows: Vec<String> = self.told_of(leg, postings).await;
            if rows == expected { Ok(()) } else { Err(rows.join(", ")) }
        })
        .await;
    }

    /// Waits until a leg is settled, and tells as what.
    async fn settled(&self, leg: &TelnyxLeg) -> String {
        let settled =
            "select settled_as from call_legs where leg = any($1) and settled_as is not null";
        wait_until(SOON, "a leg to be settled", async || {
            self.told_of(leg, settled).await.pop().ok_or("not yet")
        })
        .await
    }

    /// Seconds, price, status.
    async fn log(&self, leg: &TelnyxLeg) -> Option<(i32, String, String)> {
        let log = "select duration_seconds || ' ' || customer_price || ' ' || status from call_logs
            where external_call_id = any($1)";
        let log = self.told_of(leg, log).await.pop()?;
        let [seconds, price, status] = log.split(' ').collect::<Vec<_>>().try_into().unwrap();
        Some((seconds.parse().unwrap(), price.to_owned(), status.to_owned()))
    }

    /// The rows of a leg, under whichever name it was told of first.
    async fn told_of(&self, leg: &TelnyxLeg, query: &'static str) -> Vec<String> {
        let names = [leg.leg_id.to_string(), leg.control_id.clone()];
        let rows = sqlx::query_scalar(query).bind(&names[..]);
        rows.fetch_all(self.bank.stack.pool()).await.unwrap()
    }

    /// Nothing is left to do, and so much was spent.
    async fn spent(&self, expected: &str) {
        self.bank.all_is_well().await;
        assert_eq!(self.bank.spent(&self.user).await, expected);
    }
}

fn json<const N: usize>(bodies: [serde_json::Value; N]) -> [Event; N] {
    bodies.map(Event::Json)
}

fn logged(seconds: i32, price: &str, status: &str) -> Option<(i32, String, String)> {
    Some((seconds, price.to_owned(), status.to_owned()))
}

#[tokio::test]
async fn from_its_answer_to_its_end_in_either_order() {
    let telnyx = Telnyx::open().await;
    let legs: Vec<_> = (0..3).map(|_| telnyx.calls(61)).collect();
    for (first, leg) in legs.iter().enumerate() {
        let mut told = json([leg.answered(), leg.initiated(), leg.hangup()]);
        told.rotate_left(first);
        telnyx.tell(told.clone()).await;
        telnyx.tell(told.map(|event| event.again(1))).await;
    }
    for leg in &legs {
        telnyx.paid(leg, &["call_charge -0.0274"]).await;
        assert_eq!(telnyx.log(leg).await, logged(61, PRICE, "completed"));
    }
    telnyx.spent("0.0822").await;
}

#[tokio::test]
async fn without_an_answer_it_is_guessed_and_then_corrected() {
    let telnyx = Telnyx::open().await;
    // 55 s and 6.25 s of ringing are 61 s; 55 s alone are cheaper.
    let (billed, answered, never) = (telnyx.calls(55), telnyx.calls(55), telnyx.calls(55));
    telnyx.tell(json([billed.hangup(), answered.hangup(), never.hangup()])).await;
    for leg in [&billed, &answered, &never] {
        telnyx.paid(leg, &["call_charge -0.0274"]).await;
    }
    telnyx.tell(json([billed.cost(55), answered.answered()])).await;
    let corrected = ["call_charge -0.0274", "adjustment 0.0132"];
    telnyx.paid(&billed, &corrected).await;
    telnyx.paid(&answered, &corrected).await;
    // What is worth less changes nothing any more, and what is worth more but says the same neither.
    telnyx.tell(json([answered.cost(61), billed.answered(), billed.initiated()])).await;
    telnyx.bank.drained().await;
    telnyx.paid(&billed, &corrected).await;
    telnyx.paid(&answered, &corrected).await;
    telnyx.paid(&never, &["call_charge -0.0274"]).await;
    // The log stays as it was: what changed is a row of its own.
    assert_eq!(telnyx.log(&billed).await, logged(61, PRICE, "completed"));
    let costs = "select count(*) from call_logs where provider_cost is not null";
    assert_eq!(telnyx.bank.count(costs).await, 2);
    telnyx.spent("0.0558").await;
}

#[tokio::test]
async fn its_cost_may_come_first() {
    let telnyx = Telnyx::open().await;
    let leg = telnyx.calls(55);
    telnyx.tell(json([leg.cost(58), leg.hangup()])).await;
    telnyx.paid(&leg, &["call_charge -0.0142"]).await;
    assert_eq!(telnyx.log(&leg).await, logged(58, "0.0142", "completed"));
    assert_eq!(
        telnyx.bank.count("select count(*) from call_logs where provider_cost > 0").await,
        1
    );
    // Told at last: 55 s cost the same, so there is nothing to post.
    telnyx.tell(json([leg.answered()])).await;
    telnyx.spent("0.0142").await;
}

#[tokio::test]
async fn nobody_answered_costs_nothing_until_somebody_did() {
    let telnyx = Telnyx::open().await;
    let legs: Vec<_> = Cause::ALL
        .into_iter()
        .filter(|cause| !cause.is_of_answered())
        .map(|cause| telnyx.calls(0).unanswered(cause))
        .collect();
    telnyx.tell(legs.iter().map(|leg| Event::Json(leg.hangup()))).await;
    for leg in &legs {
        assert_eq!(telnyx.settled(leg).await, "free", "{:?}", leg.cause);
        let status = leg.cause.status().as_str().replace('-', "_");
        assert_eq!(telnyx.log(leg).await, logged(0, "0.0000", &status));
    }
    assert_eq!(telnyx.bank.balance(&telnyx.user).await, OPENING);
    // A busy line that had been answered after all, as is told much too late.
    let busy = TelnyxLeg { answered_at: Some(legs[0].started_at), ..legs[0].clone() };
    telnyx.tell(json([busy.answered()])).await;
    telnyx.paid(&busy, &["adjustment -0.0142"]).await;
    telnyx.spent("0.0142").await;
}

#[tokio::test]
async fn told_in_two_forms_under_two_names_it_is_one_leg() {
    let telnyx = Telnyx::open().await;
    let legs: Vec<_> = (0..5).map(|_| telnyx.calls(61)).collect();
    for (first, leg) in legs.iter().enumerate() {
        let form = Event::Form;
        let mut told = vec![
            form(leg.texml_progress(Status::Initiated)),
            form(leg.texml_progress(Status::InProgress)),
            form(leg.texml_completed()),
            form(leg.texml_recording("completed")),
            Event::Json(leg.recording_saved()),
            Event::Json(leg.hangup()),
            Event::Json(leg.answered()),
        ];
        told.rotate_left(first);
        telnyx.tell(told.clone()).await;
        telnyx.tell(told).await;
    }
    for leg in &legs {
        wait_until(SOON, "one log", async || {
            let names = [leg.leg_id.to_string(), leg.control_id.clone()];
            let logs: Vec<(String, Option<String>, i32)> = sqlx::query_as(
                "select recording_status::text, recording_url, duration_seconds
                from call_logs where external_call_id = any($1)",
            )
            .bind(&names[..])
            .fetch_all(telnyx.bank.stack.pool())
            .await
            .unwrap();
            let expected = ("completed".to_owned(), Some(leg.recording_url.clone()), 61);
            if logs == [expected] { Ok(()) } else { Err(format!("{logs:?}")) }
        })
        .await;
    }
    telnyx.bank.drained().await;
    assert_eq!(telnyx.bank.count("select count(*) from call_legs").await, 5);
    assert_eq!(telnyx.bank.count("select count(*) from wallet_transactions").await, 6);
    telnyx.spent("0.1370").await;
}

#[tokio::test]
async fn of_a_session_the_first_answered_leg_pays() {
    let telnyx = Telnyx::open().await;
    let sessions: Vec<_> = (0..4)
        .map(|_| {
            let first = telnyx.calls(121);
            let second = first.dialled(&telnyx.user.number, "+34911111111");
            (first, second)
        })
        .collect();
    let told = |leg: &TelnyxLeg| json([leg.initiated(), leg.answered(), leg.hangup()]);
    for (number, (first, second)) in sessions.iter().enumerate() {
        let pair = if number % 2 == 0 { [first, second] } else { [second, first] };
        for leg in pair {
            telnyx.tell(told(leg)).await;
            if number > 1 {
                // One after the other: the second is charged before the first is heard of, and given back.
                telnyx.settled(leg).await;
            }
        }
    }
    for (first, _) in &sessions {
        telnyx.paid(first, &["call_charge -0.0406"]).await;
    }
    telnyx.bank.drained().await;
    assert_eq!(telnyx.settled(&sessions[0].1).await, "covered");
    assert_eq!(telnyx.settled(&sessions[2].1).await, "covered");
    let back = &sessions[3].1;
    let dear = format!("call_charge -{}", telnyx.log(back).await.unwrap().1);
    telnyx.paid(back, &[&dear, &dear.replace("call_charge -", "adjustment ")]).await;
    telnyx.spent("0.1624").await;
}

#[tokio::test]
async fn and_the_next_one_as_long_as_that_is_only_guessed() {
    let telnyx = Telnyx::open().await;
    let sessions: Vec<_> = (0..2)
        .map(|_| {
            let first = telnyx.calls(121);
            let second = first.dialled(&telnyx.user.number, MEXICO);
            (first, second)
        })
        .collect();
    // Nobody tells whether the first ones were answered.
    for (first, second) in &sessions {
        telnyx.tell(json([first.hangup(), second.answered(), second.hangup()])).await;
    }
    for (first, second) in &sessions {
        telnyx.paid(first, &["call_charge -0.0406"]).await;
        telnyx.paid(second, &["call_charge -0.0142"]).await;
    }
    let [(unanswered, alone), (answered, behind)] = &sessions[..] else { unreachable!() };
    telnyx.tell(json([unanswered.cost(0), answered.cost(121)])).await;
    telnyx.paid(unanswered, &["call_charge -0.0406", "adjustment 0.0406"]).await;
    telnyx.paid(behind, &["call_charge -0.0142", "adjustment 0.0142"]).await;
    telnyx.paid(alone, &["call_charge -0.0142"]).await;
    telnyx.spent("0.0548").await;
}

#[tokio::test]
async fn and_a_parent_for_its_child_whoever_is_told_first() {
    let telnyx = Telnyx::open().await;
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let parent = telnyx.calls(121);
            let child = parent.dialled(&telnyx.user.number, MEXICO).child_of(&parent);
            (parent, child)
        })
        .collect();
    for (number, (parent, child)) in calls.iter().enumerate() {
        // Call Control does not say whose child it is: told first, it is charged, and given back.
        telnyx.tell(json([child.answered(), child.hangup()])).await;
        if number == 0 {
            telnyx.settled(child).await;
        }
        telnyx.tell([child.texml_completed(), parent.texml_completed()].map(Event::Form)).await;
        telnyx.paid(parent, &["call_charge -0.0406"]).await;
    }
    telnyx.spent("0.0812").await;
}
