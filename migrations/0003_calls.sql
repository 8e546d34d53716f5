-- Legs, the call log and the ledger. A leg is charged once: call_legs has its key, and what it was settled as.

create type recording_status as enum ('processing', 'completed', 'failed', 'none');
create type wallet_transaction_type as enum (
    'call_charge', 'refill', 'subscription', 'refund', 'sms_charge', 'number_purchase', 'setup_fee', 'adjustment'
);

create table call_logs (
    id                uuid primary key default gen_random_uuid(),
    external_call_id  varchar not null,
    user_id           uuid not null references users (id),
    direction         call_direction not null,
    from_number       varchar not null,
    to_number         varchar not null,
    start_time        timestamptz not null,
    end_time          timestamptz not null,
    duration_seconds  integer not null,
    billable_minutes  decimal(10, 2) not null,
    provider_cost     decimal(10, 4), -- internal: granted to nobody but the worker
    customer_price    decimal(10, 4) not null,
    recording_url     text,
    recording_status  recording_status not null default 'none',
    status            varchar not null,
    provider          text not null,
    wallet_id         uuid not null references wallets (id),
    currency          varchar(3) not null,
    -- The receipt: null where the call was free for want of a duration.
    rate_id                   uuid, -- into call_rates, whose rows in force are never removed
    rate_prefix               varchar,
    rate_per_minute           decimal(10, 4),
    connection_fee            decimal(10, 4),
    initial_increment_seconds integer,
    increment_seconds         integer,
    rated_number              varchar,
    rated_late                boolean not null default false,
    seq               bigint not null,
    recording_seq     bigint,
    constraint call_logs_external_call_id_provider_key unique (external_call_id, provider),
    constraint call_logs_seq_is_unique_in_its_wallet unique (wallet_id, seq),
    constraint call_logs_recording_seq_is_unique_in_its_wallet unique (wallet_id, recording_seq),
    constraint call_logs_customer_price_in_range check (customer_price between 0 and 999999.9999),
    constraint call_logs_provider_cost_in_range check (provider_cost between -999999.9999 and 999999.9999),
    constraint call_logs_billable_minutes_in_range check (billable_minutes between 0 and 99999999.99),
    constraint call_logs_duration_is_not_negative check (duration_seconds >= 0),
    constraint call_logs_ends_after_it_starts check (end_time >= start_time),
    constraint call_logs_status_is_known
        check (status in ('completed', 'busy', 'no_answer', 'failed', 'canceled', 'rejected')),
    constraint call_logs_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire'))
);
create index call_logs_of_a_wallet on call_logs (wallet_id, start_time desc, id desc);
create index call_logs_of_a_user on call_logs (user_id, start_time desc, id desc);

create table wallet_transactions (
    id                 uuid primary key default gen_random_uuid(),
    wallet_id          uuid not null references wallets (id),
    amount             decimal(10, 4) not null, -- negative: spent
    type               wallet_transaction_type not null,
    reference_id       uuid references call_logs (id),
    created_at         timestamptz not null default now(),
    seq                bigint not null,
    balance_after      decimal(10, 4) not null,
    external_reference text,
    constraint wallet_transactions_seq_is_unique_in_its_wallet unique (wallet_id, seq),
    constraint wallet_transactions_reference_is_unique unique (wallet_id, type, external_reference),
    constraint wallet_transactions_amount_in_range check (amount between -999999.9999 and 999999.9999),
    constraint wallet_transactions_balance_after_in_range check (balance_after between -999999.9999 and 999999.9999),
    constraint wallet_transactions_charge_has_its_call check (type <> 'call_charge' or reference_id is not null),
    constraint wallet_transactions_only_calls_have_a_call
        check (reference_id is null or type in ('call_charge', 'adjustment', 'refund'))
);
-- One charge for each call, whatever else goes wrong.
create unique index wallet_transactions_one_charge_for_each_call on wallet_transactions (reference_id)
    where type = 'call_charge';
create index wallet_transactions_of_a_call on wallet_transactions (reference_id) where reference_id is not null;

-- The ledger only grows.
create function refuse_change_of_the_ledger() returns trigger language plpgsql as $$
begin
    raise exception 'wallet_transactions is append-only: correct it by another row'
        using errcode = 'P0001', constraint = 'wallet_transactions_is_append_only';
end $$;
create trigger wallet_transactions_is_append_only before update or delete or truncate on wallet_transactions
    for each statement execute function refuse_change_of_the_ledger();

-- One row for each leg. Everything told of it merges here, before and after it is settled.
create table call_legs (
    provider         text not null,
    leg              text not null,
    parent           text, -- the leg that caused this one
    account          text,
    from_address     text,
    to_address       text,
    direction        call_direction, -- the provider's word
    outcome          text,
    seconds          integer,
    ended_at         timestamptz,
    recording_status recording_status,
    recording_url    text,
    provider_cost    decimal(10, 4),
    hangup_body         bytea, -- the provider's own bytes, as they were signed
    hangup_content_type text,
    hangup_received_at  timestamptz,
    settled_at       timestamptz,
    settled_as       text,
    constraint call_legs_pkey primary key (provider, leg),
    constraint call_legs_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire')),
    constraint call_legs_outcome_is_known check (outcome in ('completed', 'busy', 'no_answer', 'failed', 'canceled')),
    constraint call_legs_seconds_are_not_negative check (seconds >= 0),
    constraint call_legs_end_is_whole check (
        (outcome is null) = (seconds is null) and (outcome is null) = (ended_at is null)
        and (outcome is null) = (hangup_body is null)
    ),
    constraint call_legs_settled_as_is_known check (settled_as in ('charged', 'free', 'covered')),
    constraint call_legs_settled_once_ended
        check ((settled_at is null) = (settled_as is null) and (settled_at is null or outcome is not null)),
    constraint call_legs_provider_cost_in_range check (provider_cost between -999999.9999 and 999999.9999)
);
create index call_legs_children on call_legs (provider, parent) where parent is not null;
-- What has ended and waits for another leg.
create index call_legs_waiting on call_legs (hangup_received_at) where settled_at is null and outcome is not null;

-- Events that cannot be used, with everything needed to look at them and to send them through again.
create table dead_letters (
    id           uuid primary key default gen_random_uuid(),
    subject      text not null,
    digest       bytea not null, -- SHA-256 of the payload
    payload      bytea not null,
    headers      jsonb not null,
    provider     text not null,
    leg          text,
    reason       text not null,
    detail       text not null,
    organization_id uuid references organizations (id),
    attempts     bigint not null,
    status       text not null default 'open',
    received_at  timestamptz not null,
    created_at   timestamptz not null default now(),
    constraint dead_letters_subject_digest_key unique (subject, digest),
    constraint dead_letters_status_is_known check (status in ('open', 'replayed', 'discarded')),
    constraint dead_letters_reason_is_known check (reason in (
        'unreadable', 'unknown_owner', 'owner_conflict', 'no_wallet', 'no_rate', 'duration_ambiguous', 'conflict',
        'parent_missing', 'amount_overflow', 'database_refused', 'crashes_worker'
    ))
);
create index dead_letters_open on dead_letters (created_at) where status = 'open';
create index dead_letters_of_a_leg on dead_letters (provider, leg);

-- How far a recording has come; it never goes back. The same ranks stand in shared/domain/src/legs/merge.rs.
create function recording_rank(status recording_status) returns integer language sql immutable as $$
    select case status when 'processing' then 0 when 'none' then 1 when 'failed' then 2 when 'completed' then 3
        else -1 end
$$;
