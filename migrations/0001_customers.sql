-- Who the customers are and what belongs to them. Times are always UTC.

create table organizations (
    id                   uuid primary key default gen_random_uuid(),
    name                 text not null,
    currency             varchar(3) not null default 'USD',
    rate_deck            text, -- null: the deck 'default'
    language             text not null default 'es',
    concurrent_calls_max integer,
    created_at           timestamptz not null default now(),
    constraint organizations_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint organizations_language_is_known check (language in ('es', 'en')),
    constraint organizations_concurrent_calls_max_is_positive check (concurrent_calls_max > 0)
);

create table users (
    id              uuid primary key default gen_random_uuid(),
    organization_id uuid not null references organizations (id),
    email           text not null,
    role            text not null default 'member',
    created_at      timestamptz not null default now(),
    constraint users_role_is_known check (role in ('member', 'admin'))
);
create unique index users_email_is_unique on users (lower(email));
create index users_of_an_organization on users (organization_id);

-- One wallet for each organization; user_id is its holder.
create table wallets (
    id                      uuid primary key default gen_random_uuid(),
    user_id                 uuid not null references users (id),
    balance                 decimal(10, 4) not null default 0.0000,
    currency                varchar(3) not null default 'USD',
    updated_at              timestamptz not null default now(),
    organization_id         uuid not null references organizations (id),
    minimum_threshold       decimal(10, 4) not null default 1.0000,
    auto_recharge_enabled   boolean not null default false,
    auto_recharge_threshold decimal(10, 4),
    auto_recharge_amount    decimal(10, 4),
    status                  text not null default 'active',
    version                 bigint not null default 0, -- every update
    seq                     bigint not null default 0, -- everything that its owner can see
    constraint wallets_user_id_key unique (user_id),
    constraint wallets_organization_id_key unique (organization_id),
    -- A range refuses NaN too, which compares greater than every number.
    constraint wallets_balance_in_range check (balance between -999999.9999 and 999999.9999),
    constraint wallets_minimum_threshold_in_range check (minimum_threshold between 0 and 999999.9999),
    constraint wallets_auto_recharge_threshold_in_range check (auto_recharge_threshold between 0 and 999999.9999),
    constraint wallets_auto_recharge_amount_in_range check (auto_recharge_amount between 0.0001 and 999999.9999),
    constraint wallets_status_is_known check (status in ('active', 'suspended')),
    constraint wallets_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint wallets_counters_are_not_negative check (version >= 0 and seq >= 0)
);
-- The sweep looks at what changed lately.
create index wallets_by_updated_at on wallets (updated_at);

create table phone_numbers (
    id             uuid primary key default gen_random_uuid(),
    e164           text not null,
    user_id        uuid not null references users (id),
    provider       text not null,
    inbound_target text,
    valid_from     timestamptz, -- null: all time before
    valid_to       timestamptz, -- null: until further notice
    constraint phone_numbers_e164_is_a_number check (e164 ~ '^\+[1-9][0-9]{0,14}$'),
    constraint phone_numbers_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire')),
    constraint phone_numbers_ends_after_it_starts check (valid_to >= valid_from)
);
create unique index phone_numbers_belong_to_one_user_at_a_time on phone_numbers (e164) where valid_to is null;
create index phone_numbers_by_e164 on phone_numbers (e164);

-- Client and SIP names, in the canonical spelling: client:alice, sip:alice@example.com.
create table identities (
    id       uuid primary key default gen_random_uuid(),
    identity text not null,
    user_id  uuid not null references users (id),
    provider text, -- null: at every provider
    account  text, -- null: in every account
    constraint identities_are_unique unique nulls not distinct (identity, provider, account),
    constraint identities_identity_is_a_name check (identity ~ '^(client:.+|sip:.+@.+)$'),
    constraint identities_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire')),
    constraint identities_account_names_its_provider check (account is null or provider is not null)
);

-- A provider's account, project or connection that belongs to one customer.
create table provider_accounts (
    provider         text not null,
    account          text not null,
    organization_id  uuid not null references organizations (id),
    outbound_profile text,
    constraint provider_accounts_pkey primary key (provider, account),
    constraint provider_accounts_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire'))
);
