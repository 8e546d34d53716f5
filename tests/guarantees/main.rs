//! What the system promises, proven from outside: real services on real servers, one module a guarantee.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a panic is the failure report, and a test says which seed it ran with"
)]

mod a_2xx_means_durable;
mod a_call_costs_what_its_rate_says;
mod a_call_is_checked_before_it_is_made;
mod a_call_of_two_legs_is_charged_once;
mod a_forged_webhook_is_not_processed;
mod a_ledger_is_read_by_those_whose_it_is;
mod a_leg_is_charged_exactly_once;
mod a_leg_is_of_one_account;
mod a_list_is_read_without_gaps_or_repeats;
mod a_notifier_that_ends_says_goodbye;
mod a_price_list_is_in_force_from_its_instant;
mod a_purchase_is_paid_or_refused;
mod a_queue_that_forgets_is_not_used;
mod a_recording_is_fetched_from_its_provider_alone;
mod a_recording_is_heard_as_its_provider_has_it;
mod a_recording_is_heard_by_whom_it_belongs_to;
mod a_recording_is_played_to_those_who_may_see_the_call;
mod a_request_told_twice_moves_money_once;
mod a_signalwire_call_is_charged_once;
mod a_slow_reader_delays_nobody;
mod a_socket_misses_nothing;
mod a_socket_that_breaks_the_rules_is_closed;
mod a_socket_that_comes_back_has_missed_nothing;
mod a_telnyx_leg_costs_what_it_talked;
mod an_account_is_believed_under_its_own_secrets;
mod an_audit_names_what_is_wrong;
mod an_error_says_what_is_wrong;
mod customers_are_provisioned_over_http;
mod debit_log_and_ledger_stand_or_fall_together;
mod dependencies_point_inwards;
mod every_frame_is_told_whenever_it_is_published;
mod fifty_hangups_at_one_instant_leave_an_exact_ledger;
mod fixture;
mod migrating_twice_is_a_no_op;
mod only_a_valid_token_gets_in;
mod secrets_change_while_ingest_runs;
mod services_come_back_by_themselves;
mod the_api_is_as_it_is_described;
mod the_backends_api_is_as_it_is_described;
mod the_cache_can_be_rebuilt;
mod the_client_asks_what_the_api_answers;
mod the_client_misses_nothing;
mod the_client_passes_its_own_tests;
mod the_command_line_keeps_its_contract;
mod the_ledger_only_grows;
mod the_owners_tables_are_as_he_gave_them;
mod the_page_can_be_used_by_everybody;
mod the_page_moves_without_a_reload;
mod the_screen_shows_each_what_is_his;
mod two_thousand_sockets_come_back_at_once;
mod what_cannot_be_charged_is_a_dead_letter;
mod what_is_told_late_is_corrected;
