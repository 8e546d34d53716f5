//! How long the calls that came at once took to the screen: from the last hangup that each of them needed.

use std::collections::BTreeMap;
use std::time::Instant;

use super::calls::Sent;
use super::postman::Postman;
use super::screen::Screen;
use crate::simulator::twilio::TwilioCall;

/// From the last hangup that a call needed to its frame, for those that came at once.
pub fn measure(sent: &mut Sent, postman: &Postman, screen: &Screen) {
    let told: BTreeMap<&str, Instant> = sent
        .legs
        .iter()
        .filter_map(|leg| Some((leg.call.sid.as_str(), postman.first_sent(&leg.call.hangup())?)))
        .collect();
    for leg in &sent.legs[sent.load.clone()] {
        let needed = sent.legs.iter().filter(|other| needs(&leg.call, &other.call));
        let last = needed.filter_map(|leg| told.get(leg.call.sid.as_str())).max();
        if let (Some(last), Some(at)) = (last, screen.calls().get(&leg.call.sid)) {
            sent.loaded.add(at.saturating_duration_since(*last));
        }
    }
}

/// Whether `leg` can be charged only once the other's end is known: itself, its parent, or the leg that tells what
/// number was reached.
fn needs(leg: &TwilioCall, other: &TwilioCall) -> bool {
    let is_parent = leg.parent.as_ref() == Some(&other.sid);
    let tells_number = leg.to.is_empty() && other.parent.as_ref() == Some(&leg.sid);
    leg.sid == other.sid || is_parent || tells_number
}
