-- Credit: what is set aside before it is spent, who may spend it, and what tells the cache that it is out of date.

-- Money set aside. A call's row has the terms that it is settled on, whatever changes while it runs; anything else is
-- captured at its real cost or given back. Decided once: from `authorized` to one of the others.
create table authorizations (
    id            uuid primary key,
    wallet_id     uuid references wallets (id), -- null: an emergency call, which nobody pays
    action        text not null,
    amount        decimal(10, 4) not null,
    reference     text, -- the backend's own name for what it buys
    status        text not null default 'authorized',
    authorized_at timestamptz not null,
    due_at        timestamptz not null, -- a call's hold is looked at then; another one ends
    closed_at     timestamptz,
    hold          text not null, -- its name among the holds of the wallet in the cache
    -- Of a call: the leg, and the terms. Without a number nobody has asked about the leg yet.
    provider      text,
    leg           text,
    user_id       uuid references users (id), -- null: the wallet's holder
    direction     call_direction,
    number        text, -- who is called
    seconds       integer, -- what the amount pays for
    rate_id       uuid, -- null: it costs nothing
    rate_prefix   varchar,
    rate_per_minute           decimal(10, 4),
    connection_fee            decimal(10, 4),
    initial_increment_seconds integer,
    increment_seconds         integer,
    constraint authorizations_action_is_known
        check (action in ('call', 'number_purchase', 'setup', 'subscription', 'sms')),
    constraint authorizations_status_is_known
        check (status in ('authorized', 'captured', 'released', 'settled', 'expired', 'withdrawn')),
    constraint authorizations_amount_in_range check (amount between 0 and 999999.9999),
    constraint authorizations_close_once check ((status = 'authorized') = (closed_at is null)),
    constraint authorizations_of_calls_name_a_leg
        check ((action = 'call') = (provider is not null) and (provider is null) = (leg is null)),
    constraint authorizations_only_emergencies_are_nobodys check (wallet_id is not null or amount = 0),
    constraint authorizations_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire')),
    constraint authorizations_seconds_are_not_negative check (seconds >= 0),
    constraint authorizations_rate_is_whole check (
        (rate_id is null) = (rate_per_minute is null) and (rate_id is null) = (connection_fee is null)
        and (rate_id is null) = (initial_increment_seconds is null) and (rate_id is null) = (increment_seconds is null)
    )
);
create index authorizations_of_a_leg on authorizations (provider, leg) where provider is not null;
-- What the cache is loaded from, and what the sweep looks at.
create index authorizations_open on authorizations (wallet_id) where status = 'authorized';
create index authorizations_due on authorizations (due_at) where status = 'authorized';
-- One purchase for each reference; what was given back may be asked for again.
create unique index authorizations_reference_is_unique on authorizations (wallet_id, action, reference)
    where reference is not null and status in ('authorized', 'captured', 'settled');

-- Why a leg was refused before it began: then its end costs nothing.
alter table call_legs add column refusal text;

-- A refund names what it gives back.
alter table wallet_transactions
    add column refund_of uuid references wallet_transactions (id),
    add constraint wallet_transactions_only_refunds_name_a_charge check (refund_of is null or type = 'refund');
create index wallet_transactions_refunds on wallet_transactions (refund_of) where refund_of is not null;

-- Numbers that an organization's people may not call, by prefix.
alter table organizations
    add column blocked_prefixes text[] not null default '{}',
    add constraint organizations_blocked_prefixes_are_digits
        check (array_to_string(blocked_prefixes, ',') ~ '^([0-9]{1,15}(,[0-9]{1,15})*)?$');

-- Every change of who owns what has a number, so that the cache takes over what is newer than it has. The one row is
-- locked until the change commits: a lower number is never seen after a higher one.
create table directory_revision (
    the_only boolean primary key default true,
    revision bigint not null,
    constraint directory_revision_has_one_row check (the_only)
);
insert into directory_revision (revision) values (1);

alter table organizations add column directory_revision bigint not null default 1;
alter table phone_numbers add column directory_revision bigint not null default 1;
alter table identities add column directory_revision bigint not null default 1;
alter table provider_accounts add column directory_revision bigint not null default 1;
create index organizations_by_directory_revision on organizations (directory_revision);
create index phone_numbers_by_directory_revision on phone_numbers (directory_revision);
create index phone_numbers_of_a_user on phone_numbers (user_id);
create index identities_by_directory_revision on identities (directory_revision);
create index provider_accounts_by_directory_revision on provider_accounts (directory_revision);

create function number_directory_change() returns trigger language plpgsql as $$
begin
    update directory_revision set revision = revision + 1 returning revision into new.directory_revision;
    return new;
end $$;
create trigger organizations_number_their_changes before insert or update on organizations
    for each row execute function number_directory_change();
create trigger phone_numbers_number_their_changes before insert or update on phone_numbers
    for each row execute function number_directory_change();
create trigger identities_number_their_changes before insert or update on identities
    for each row execute function number_directory_change();
create trigger provider_accounts_number_their_changes before insert or update on provider_accounts
    for each row execute function number_directory_change();
-- Nothing of it is ever removed, or the cache would not hear of it.
create function refuse_removal_from_the_directory() returns trigger language plpgsql as $$
begin
    raise exception 'nothing is removed from %: give it to somebody else, or end it', tg_table_name
        using errcode = 'P0001', constraint = 'directory_is_never_removed_from';
end $$;
create trigger phone_numbers_are_never_removed before delete on phone_numbers
    for each row execute function refuse_removal_from_the_directory();
create trigger identities_are_never_removed before delete on identities
    for each row execute function refuse_removal_from_the_directory();
create trigger provider_accounts_are_never_removed before delete on provider_accounts
    for each row execute function refuse_removal_from_the_directory();

-- A wallet makes its organization able to pay, which the directory tells.
create function touch_organization() returns trigger language plpgsql as $$
begin
    update organizations set name = name where id = new.organization_id;
    return null;
end $$;
create trigger wallets_tell_of_themselves after insert on wallets for each row execute function touch_organization();

-- The answers to requests that move money: asked again under the same key, the same is said again.
create table idempotency_keys (
    key        text primary key,
    request    text not null, -- method and path
    digest     bytea not null, -- SHA-256 of the body
    status     smallint not null,
    answer     jsonb not null,
    created_at timestamptz not null,
    constraint idempotency_keys_status_is_final check (status between 200 and 499)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

grant select, insert, update on authorizations, directory_revision to curbe_worker;
grant select, insert, update, delete on idempotency_keys to curbe_worker;
grant execute on all functions in schema public to curbe_worker;
-- What is held, and which calls run.
grant select (
    id, wallet_id, action, amount, status, authorized_at, hold, provider, leg, user_id, direction, number, seconds
) on authorizations to curbe_notifier;
