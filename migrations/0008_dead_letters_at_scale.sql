-- What is watched every minute and selected by operators, without reading a million letters for it.

create index dead_letters_open_by_reason on dead_letters (reason, created_at) where status = 'open';
create index dead_letter_decisions_by_kind on dead_letter_decisions (decision);
