-- Who looked at a customer's data, when, from where, at which line, why and by what (facts §13.3).
-- Kept for two years at least, and protected from alteration.

create table access_log (
  access_id bigint generated always as identity primary key,
  at timestamptz not null,
  person text not null check (person <> ''),
  -- Null over a local socket.
  from_address inet,
  line_id bigint not null,
  purpose text not null check (length(purpose) between 1 and 500),
  command text not null check (command <> '')
);
create index access_log_by_line on access_log (line_id, at);
create index access_log_by_time on access_log (at, access_id);

-- Who it is and where it came from is what the database sees, whatever the statement says.
create function stamp_access() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  new.person := acting_person();
  new.from_address := inet_client_addr();
  return new;
end $$;

create trigger stamp before insert on access_log
  for each row execute function stamp_access();
create trigger append_only before update or delete or truncate on access_log
  for each statement execute function refuse_change();

grant insert on access_log to redress_agent, redress_operator, redress_auditor;
grant select on access_log to redress_auditor;
