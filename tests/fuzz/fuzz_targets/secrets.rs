//! The file of providers' secrets, down to every value; and that no error repeats what stands there.

#![no_main]
#![allow(dead_code, reason = "what of the product's file this does not ask")]

use json::{Misfit, Node, parse};
use libfuzzer_sys::fuzz_target;

#[path = "../../../ingest/src/secrets/json.rs"]
mod json;

/// A word that stands in every secret of the seeds.
const CANARY: &str = "canary";

fuzz_target!(|data: &[u8]| {
    let read = parse(data).and_then(|document| walk(&Node::root(&document)));
    if let Err(misfit) = read {
        assert!(!misfit.reason.contains(CANARY), "{misfit:?}");
    }
});

fn walk(node: &Node<'_>) -> Result<(), Misfit> {
    if node.text().is_ok() || node.is(1) {
        return Ok(());
    }
    if let Ok(items) = node.items() {
        return items.iter().try_for_each(walk);
    }
    let short = |name: &str| name.len() < 40;
    node.entries(short, "has a long name")?.iter().try_for_each(|(_, entry)| walk(entry))
}
