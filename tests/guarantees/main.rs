//! What the system promises, proven from outside: real services on real servers, one module a guarantee.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a panic is the failure report, and a test says which seed it ran with"
)]

mod a_2xx_means_durable;
mod a_call_costs_what_its_rate_says;
mod a_call_of_two_legs_is_charged_once;
mod a_forged_webhook_is_not_processed;
mod a_leg_is_charged_exactly_once;
mod a_price_list_is_in_force_from_its_instant;
mod a_queue_that_forgets_is_not_used;
mod a_signalwire_call_is_charged_once;
mod a_socket_misses_nothing;
mod an_audit_names_what_is_wrong;
mod debit_log_and_ledger_stand_or_fall_together;
mod dependencies_point_inwards;
mod fifty_hangups_at_one_instant_leave_an_exact_ledger;
mod fixture;
mod migrating_twice_is_a_no_op;
mod only_a_valid_token_gets_in;
mod services_come_back_by_themselves;
mod the_command_line_keeps_its_contract;
mod the_ledger_only_grows;
mod the_owners_tables_are_as_he_gave_them;
mod the_screen_shows_each_what_is_his;
mod what_cannot_be_charged_is_a_dead_letter;
