//! The names of what is measured, each once.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Open WebSockets.
pub(crate) const SOCKETS: &str = "curbe_ws_connections";
/// Closed ones, by close code; `peer` where the browser went by itself.
pub(crate) const SOCKETS_CLOSED: &str = "curbe_ws_closed_total";
/// Frames written, by type.
pub(crate) const FRAMES_SENT: &str = "curbe_frames_sent_total";
/// Sockets that came back with a `since`, by whether they could go on from there.
pub(crate) const RESUMES: &str = "curbe_ws_resumes_total";
/// Frames that were told again to sockets that came back.
pub(crate) const FRAMES_REPLAYED: &str = "curbe_frames_replayed_total";
/// Wallets that somebody looks at.
pub(crate) const ROOMS: &str = "curbe_rooms";
/// Readings of missing rows.
pub(crate) const GAP_READS: &str = "curbe_gap_reads_total";
/// Readings that failed and were repeated.
pub(crate) const GAP_READS_FAILED: &str = "curbe_gap_reads_failed_total";
/// Numbers without a row, after several looks.
pub(crate) const NUMBERS_MISSING: &str = "curbe_frame_numbers_missing_total";
/// Rooms told to start over.
pub(crate) const RESYNCS: &str = "curbe_resyncs_total";
/// Messages on Redis that could not be read.
pub(crate) const UNREADABLE: &str = "curbe_frames_unreadable_total";
/// Requests, by route and status.
pub(crate) const REQUEST_SECONDS: &str = "curbe_http_request_seconds";

/// Says what each name means, for `/metrics`.
pub(crate) fn describe() {
    describe_gauge!(SOCKETS, "Open WebSockets");
    describe_counter!(SOCKETS_CLOSED, "WebSockets closed, by close code, or peer");
    describe_counter!(FRAMES_SENT, "Frames written to browsers, by type");
    describe_counter!(RESUMES, "Sockets that came back, by whether they could go on from there");
    describe_counter!(FRAMES_REPLAYED, "Frames told again to sockets that came back");
    describe_gauge!(ROOMS, "Wallets that at least one socket looks at");
    describe_counter!(GAP_READS, "Readings of missing frames from Postgres");
    describe_counter!(GAP_READS_FAILED, "Readings of missing frames that failed and were repeated");
    describe_counter!(NUMBERS_MISSING, "Numbers of frames that have no row in Postgres");
    describe_counter!(RESYNCS, "Rooms that had missed too much and were told to start over");
    describe_counter!(UNREADABLE, "Messages on Redis that could not be read");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "HTTP requests, by route and status");
}
