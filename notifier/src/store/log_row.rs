//! The columns that browsers may see of a call, and how they become what browsers get.

use curbe_domain::frames::CallLogView;
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Error, money};

pub(super) struct LogRow {
    pub(super) id: Uuid,
    pub(super) external_call_id: String,
    pub(super) provider: String,
    pub(super) user_id: Uuid,
    pub(super) direction: String,
    pub(super) from_number: String,
    pub(super) to_number: String,
    pub(super) start_time: OffsetDateTime,
    pub(super) end_time: OffsetDateTime,
    pub(super) duration_seconds: i32,
    pub(super) billable_minutes: Decimal,
    pub(super) customer_price: Decimal,
    pub(super) currency: String,
    pub(super) recording_url: Option<String>,
    pub(super) recording_status: String,
    pub(super) status: String,
    pub(super) seq: i64,
}

impl LogRow {
    pub(super) fn into_view(self) -> Result<CallLogView, Error> {
        let mut billable_minutes = self.billable_minutes;
        billable_minutes.rescale(2);
        Ok(CallLogView {
            id: self.id,
            external_call_id: self.external_call_id,
            provider: self.provider,
            user_id: self.user_id,
            direction: self.direction,
            from_number: self.from_number,
            to_number: self.to_number,
            start_time: self.start_time,
            end_time: self.end_time,
            duration_seconds: self.duration_seconds,
            billable_minutes,
            customer_price: money(self.customer_price)?,
            currency: self.currency,
            recording_url: self.recording_url,
            recording_status: self.recording_status,
            status: self.status,
        })
    }
}

/// The columns of [`LogRow`] in front of the rest of a query: the macros of sqlx take literals only.
macro_rules! select_logs {
    ($rest:tt, $($bind:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::store::log_row::LogRow,
            r#"select id, external_call_id, provider, user_id, direction::text as "direction!", from_number, to_number,
                      start_time, end_time, duration_seconds, billable_minutes, customer_price, currency,
                      recording_url, recording_status::text as "recording_status!", status, seq
               from call_logs "# + $rest,
            $($bind),+
        )
    };
}

pub(super) use select_logs;
