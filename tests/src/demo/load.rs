//! How long the calls that came at once took to the screen: from the last event that each of them needed.

use super::calls::Sent;
use super::postman::Postman;
use super::screen::Screen;

/// From the last event that a call needed to its frame, for those that came at once and need no more than events.
pub fn measure(sent: &mut Sent, postman: &Postman, screen: &Screen) {
    for leg in &sent.legs[sent.load.clone()] {
        let last = leg.needs.iter().filter_map(|event| postman.first_sent(*event)).max();
        let seen = leg.names.iter().find_map(|name| screen.calls().get(name));
        if let (Some(last), Some(at)) = (last, seen) {
            sent.loaded.add(at.saturating_duration_since(last));
        }
    }
}
