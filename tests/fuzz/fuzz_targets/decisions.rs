//! What pre-flight decided, as it stands on the queue; and the amounts and addresses that stand in it.

#![no_main]

use curbe_domain::authorization::{CreditEvent, hold_of_call};
use curbe_domain::money::Money;
use curbe_domain::phone::{Address, E164, masked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(event) = serde_json::from_slice::<CreditEvent>(data) {
        let written = serde_json::to_vec(&event).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<CreditEvent>(&written).ok().as_ref(), Some(&event));
        assert!(hold_of_call(&event.key()).starts_with("call:"));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(amount) = text.parse::<Money>() {
        assert!(amount <= Money::MAX && amount >= Money::MAX.negated());
        assert_eq!(amount.to_string().parse(), Ok(amount));
    }
    match Address::parse(text) {
        Address::Number(number) => assert_eq!(E164::parse(number.as_str()), Some(number)),
        Address::Identity(name) => assert_eq!(Address::parse(&name), Address::Identity(name)),
        Address::Other => {}
    }
    assert!(masked(text).ends_with("****"));
});
