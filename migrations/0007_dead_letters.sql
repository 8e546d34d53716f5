-- What operators do about dead letters and with the stream: who, why, and what became of each letter.

-- One row for each time that somebody sends something through again, discards it, or lets another word stand.
create table operator_runs (
    id         uuid primary key,
    action     text not null,
    actor      text not null, -- as he says, or as his machine knows him
    why        text not null,
    request    jsonb not null, -- what was asked for
    outcome    jsonb, -- what became of it; null: it runs, or was cut off
    started_at timestamptz not null,
    ended_at   timestamptz,
    constraint operator_runs_action_is_known
        check (action in ('dead_letters_replay', 'dead_letters_discard', 'dead_letters_accept', 'events_replay')),
    constraint operator_runs_end_with_an_outcome check ((outcome is null) = (ended_at is null))
);
create index operator_runs_by_start on operator_runs (started_at);

-- What a run did about a letter. Written before the letter goes onto the queue: that it was tried is never forgotten.
create table dead_letter_decisions (
    letter_id  uuid not null references dead_letters (id),
    run_id     uuid not null references operator_runs (id),
    decision   text not null,
    decided_at timestamptz not null,
    -- The provider's first word on the leg, where another one stands in its place from now on: told once more, it is no
    -- conflict.
    replaced_body   bytea,
    replaced_digest bytea,
    constraint dead_letter_decisions_pkey primary key (letter_id, run_id),
    constraint dead_letter_decisions_decision_is_known check (decision in ('replayed', 'discarded', 'accepted')),
    constraint dead_letter_decisions_only_acceptance_replaces
        check ((replaced_body is null) = (replaced_digest is null) and (replaced_body is null or decision = 'accepted'))
);
create index dead_letter_decisions_of_a_run on dead_letter_decisions (run_id);
create index dead_letter_decisions_that_replace on dead_letter_decisions (replaced_digest)
    where replaced_digest is not null;

-- When a letter was last put aside; `created_at` is the first time.
alter table dead_letters add column buried_at timestamptz not null default now();
update dead_letters set buried_at = created_at;
create index dead_letters_of_an_organization on dead_letters (organization_id) where organization_id is not null;
create index dead_letters_by_age on dead_letters (created_at, id);

-- A leg whose parent nobody waits for any more, since a person sent it through again: it is charged by itself.
alter table call_legs add column alone_at timestamptz;

grant select, insert, update on operator_runs to curbe_worker;
grant select, insert on dead_letter_decisions to curbe_worker;
