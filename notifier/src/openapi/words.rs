//! Schemas of words that the code keeps as text, as the database has them.

use serde_json::json;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// As in the type `wallet_transaction_type`.
const TRANSACTION_TYPES: [&str; 8] = [
    "call_charge",
    "refill",
    "subscription",
    "refund",
    "sms_charge",
    "number_purchase",
    "setup_fee",
    "adjustment",
];

/// Why a balance moved.
pub(crate) fn transaction_type() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(TRANSACTION_TYPES)).description(Some("Why the balance moved.")).into()
}

/// Whether a wallet may be used.
pub(crate) fn wallet_status() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let meaning = "A suspended wallet pays for no new call.";
    text.enum_values(Some(["active", "suspended"])).description(Some(meaning)).into()
}

/// Always true.
pub(crate) fn always() -> Object {
    let word = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    word.description(Some("Always: a call that could not start is a problem.")).into()
}

/// A currency.
pub(crate) fn currency() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Z]{3}$"));
    text.description(Some("ISO 4217.")).examples([json!("USD")]).into()
}

/// A telephone number.
pub(crate) fn e164() -> Object {
    let text =
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^\\+[1-9][0-9]{0,14}$"));
    text.description(Some("A telephone number, E.164.")).examples([json!("+15551234567")]).into()
}
