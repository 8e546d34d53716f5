-- Events besides the hangup: when a leg began and was answered, what the provider charges for it, whose session it is
-- of; and several names of one leg.

alter table call_legs
    add column session        text, -- legs of one session are one call: the first of them is charged
    add column initiated_at   timestamptz,
    add column answered_at    timestamptz,
    add column talked         boolean, -- what the cause of the end says, where nobody said how long it lasted
    add column billed_seconds integer, -- what the provider charges for
    add column recording_id   text, -- the provider's id of it: links die, ids do not
    add column settled_seconds integer, -- what the customer has paid for by now
    add column settled_by     text, -- what those seconds rest on
    add column refused_at     timestamptz, -- put aside since: no time that goes by decides it, only news do
    drop constraint call_legs_end_is_whole,
    add constraint call_legs_end_is_whole check (
        (outcome is null) = (ended_at is null) and (outcome is null) = (hangup_body is null)
        and (seconds is null or outcome is not null) and (talked is null or outcome is not null)
    ),
    add constraint call_legs_end_says_or_lets_guess check (outcome is null or seconds is not null or talked is not null),
    add constraint call_legs_billed_seconds_are_not_negative check (billed_seconds >= 0),
    add constraint call_legs_settled_seconds_are_not_negative check (settled_seconds >= 0),
    add constraint call_legs_settled_by_is_known
        check (settled_by in ('guessed', 'billed', 'answered', 'stated', 'session'));
drop index call_legs_waiting;
create index call_legs_waiting on call_legs (hangup_received_at)
    where settled_at is null and outcome is not null and refused_at is null;
create index call_legs_of_a_session on call_legs (provider, session) where session is not null;

-- Telnyx calls one leg by several names; each leads to the row of its leg. Whoever tells of a leg locks its names first,
-- and its session, a name that leads nowhere.
create table call_leg_names (
    provider text not null,
    name     text not null,
    leg      text,
    constraint call_leg_names_pkey primary key (provider, name),
    constraint call_leg_names_provider_is_known check (provider in ('twilio', 'telnyx', 'signalwire'))
);
create index call_leg_names_of_a_leg on call_leg_names (provider, leg) where leg is not null;

grant select, insert, update on call_leg_names to curbe_worker;
-- A leg under two names becomes one row.
grant delete on call_legs to curbe_worker;
-- What a call would cost.
grant select on rate_decks, call_rates to curbe_notifier;
