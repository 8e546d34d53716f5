-- Group roles; each service's own login is a member. Roles belong to the whole server, so another database's
-- migration may be creating them at this very moment.

do $$
declare role_name text;
begin
    foreach role_name in array array['curbe_worker', 'curbe_notifier'] loop
        begin
            execute format('create role %I nologin', role_name);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end $$;

grant select, insert, update, delete on all tables in schema public to curbe_worker;
revoke update, delete on wallet_transactions from curbe_worker;
revoke delete on wallets, call_logs, call_legs from curbe_worker;
grant execute on all functions in schema public to curbe_worker;

-- The notifier reads what browsers may see. What a call cost the owner is not part of it, nor are raw events.
grant select on organizations, users, wallets, wallet_transactions to curbe_notifier;
grant select (
    id, external_call_id, user_id, direction, from_number, to_number, start_time, end_time, duration_seconds,
    billable_minutes, customer_price, recording_url, recording_status, status, provider, wallet_id, currency, rate_id,
    rate_prefix, rate_per_minute, connection_fee, initial_increment_seconds, increment_seconds, rated_number,
    rated_late, seq, recording_seq
) on call_logs to curbe_notifier;
