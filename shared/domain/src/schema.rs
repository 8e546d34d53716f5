//! JSON schemas of the words and amounts that frames are made of; those of the frames themselves are derived.

use serde::Serialize;
use serde_json::json;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::legs::{Direction, RecordingStatus};
use crate::money::Money;
use crate::providers::Provider;

/// As [`Money`] writes itself.
pub const MONEY_PATTERN: &str = r"^-?(0|[1-9][0-9]{0,5})\.[0-9]{4}$";
/// Two places, as the call log shows minutes.
pub const MINUTES_PATTERN: &str = r"^(0|[1-9][0-9]{0,7})\.[0-9]{2}$";

impl ToSchema for Money {}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let description = "An amount: a decimal with four places, as a string, so that no program \
                           reads it as a floating-point number.";
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.pattern(Some(MONEY_PATTERN)).description(Some(description));
        text.examples([json!("12.3400")]).into()
    }
}

impl ToSchema for Direction {}

impl PartialSchema for Direction {
    fn schema() -> RefOr<Schema> {
        words(&[Self::Inbound, Self::Outbound], "Which way the call went, as the customer sees it.")
    }
}

impl ToSchema for RecordingStatus {}

impl PartialSchema for RecordingStatus {
    fn schema() -> RefOr<Schema> {
        let all = [Self::Processing, Self::Completed, Self::Failed, Self::None];
        words(&all, "How far the recording of a call has come.")
    }
}

impl ToSchema for Provider {}

impl PartialSchema for Provider {
    fn schema() -> RefOr<Schema> {
        words(&Self::ALL, "Who carried the call.")
    }
}

/// How a call ended. `rejected`: it was refused before it began.
pub struct CallStatus;

impl CallStatus {
    /// Each of the words.
    pub const ALL: [&'static str; 6] =
        ["completed", "busy", "no_answer", "failed", "canceled", "rejected"];
}

impl ToSchema for CallStatus {}

impl PartialSchema for CallStatus {
    fn schema() -> RefOr<Schema> {
        words(&Self::ALL, "How the call ended; `rejected`: it was refused before it began.")
    }
}

/// `completed` or `failed`: what a recording ends as.
pub struct FinalRecordingStatus;

impl ToSchema for FinalRecordingStatus {}

impl PartialSchema for FinalRecordingStatus {
    fn schema() -> RefOr<Schema> {
        let all = [RecordingStatus::Completed, RecordingStatus::Failed];
        words(&all, "The recording can be played, or there will be none.")
    }
}

/// The duration of a call as it is billed, in minutes.
pub(crate) fn minutes() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(MINUTES_PATTERN));
    text.examples([json!("2.00")]).into()
}

/// One of these words, as they serialize.
fn words<T: Serialize>(all: &[T], description: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    text.enum_values(Some(all.iter().map(|one| json!(one)))).into()
}
