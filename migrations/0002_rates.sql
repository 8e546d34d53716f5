-- What a minute costs the customer. A deck is a complete price list, in force from an instant on.

create type call_direction as enum ('inbound', 'outbound');

create table rate_decks (
    id             uuid primary key default gen_random_uuid(),
    name           text not null default 'default',
    currency       varchar(3) not null default 'USD',
    effective_from timestamptz not null,
    created_at     timestamptz not null default now(),
    revision       bigint not null default 0, -- of the last change of its rates
    constraint rate_decks_name_and_start_are_unique unique (name, effective_from),
    constraint rate_decks_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$')
);
insert into rate_decks (name, currency, effective_from) values ('default', 'USD', '1970-01-01T00:00:00Z');

-- A rate inserted by hand goes into the default deck in force.
create function default_rate_deck() returns uuid language sql stable as $$
    select id from rate_decks where name = 'default' and effective_from <= now() order by effective_from desc limit 1
$$;

create table call_rates (
    id                        uuid primary key default gen_random_uuid(),
    prefix                    varchar not null,
    rate_per_minute           decimal(10, 4) not null,
    connection_fee            decimal(10, 4) not null default 0.0000,
    deck_id                   uuid not null default default_rate_deck() references rate_decks (id),
    direction                 call_direction, -- null: both
    initial_increment_seconds integer not null default 60,
    increment_seconds         integer not null default 60,
    constraint call_rates_prefix_is_unique_in_its_deck unique nulls not distinct (deck_id, prefix, direction),
    constraint call_rates_prefix_is_digits check (prefix ~ '^[0-9]{1,15}$'),
    constraint call_rates_rate_per_minute_in_range check (rate_per_minute between 0 and 999999.9999),
    constraint call_rates_connection_fee_in_range check (connection_fee between 0 and 999999.9999),
    constraint call_rates_increments_in_range
        check (initial_increment_seconds between 1 and 3600 and increment_seconds between 1 and 3600)
);

-- Every settlement compares this one number with the one that its decks in memory were read at.
create table rate_revision (
    the_only boolean primary key default true,
    revision bigint not null,
    constraint rate_revision_has_one_row check (the_only)
);
insert into rate_revision (revision) values (1);

-- Decks change: the revision moves. Rates change: their decks' revisions move with it, so that only those are read again.
create function bump_rate_revision() returns trigger language plpgsql as $$
begin
    update rate_revision set revision = revision + 1;
    return null;
end $$;
create trigger rate_decks_bump_the_revision
    after insert or delete or truncate or update of name, currency, effective_from on rate_decks
    for each statement execute function bump_rate_revision();

create function bump_revision_of_decks() returns trigger language plpgsql as $$
declare
    bumped bigint;
begin
    update rate_revision set revision = revision + 1 returning revision into bumped;
    update rate_decks set revision = bumped where id in (select deck_id from changed);
    return null;
end $$;
create trigger call_rates_bump_the_revision_on_insert after insert on call_rates
    referencing new table as changed for each statement execute function bump_revision_of_decks();
create trigger call_rates_bump_the_revision_on_update after update on call_rates
    referencing new table as changed for each statement execute function bump_revision_of_decks();
create trigger call_rates_bump_the_revision_on_delete after delete on call_rates
    referencing old table as changed for each statement execute function bump_revision_of_decks();

-- A call is rated by the deck in force at its start, so what was in force must stay as it was.
create function refuse_change_of_rates_in_force() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' or exists (select from rate_decks where id = old.deck_id and effective_from <= now()) then
        raise exception 'rates in force are never changed or removed: import a new deck'
            using errcode = 'P0001', constraint = 'call_rates_in_force_are_never_changed';
    end if;
    if tg_op = 'UPDATE' and new.deck_id <> old.deck_id then
        raise exception 'a rate stays in its deck' using errcode = 'P0001', constraint = 'call_rates_stay_in_their_deck';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger call_rates_in_force_are_never_changed before update or delete on call_rates
    for each row execute function refuse_change_of_rates_in_force();
create trigger call_rates_are_never_truncated before truncate on call_rates
    for each statement execute function refuse_change_of_rates_in_force();
