-- Plans, runs and the ledger. A ledger row is a posting: all entries of one line in one run, told
-- by a number into entry_set, the dictionary of what such postings say. One narrow row a line
-- instead of one wide row an entry is what makes posting as fast as COPY; ledger_entry reads it
-- back entry by entry.

create table plan (
  plan_id bigint generated always as identity primary key,
  programme text not null,
  version integer not null,
  period text not null check (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
  snapshot_id integer not null references snapshot,
  now_at timestamptz not null,
  rules_version text not null,
  -- The accepted imports of changes it looked at, and the runs of its programme that had posted by
  -- then: any other import or run since makes it stale.
  inputs bigint[] not null,
  ledger_runs bigint[] not null,
  state text not null default 'planning' check (state in ('planning', 'planned', 'superseded')),
  plan_hash bytea check (octet_length(plan_hash) = 32),
  result jsonb,
  holds jsonb not null default '[]',
  made_by text not null,
  made_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  approved_hash bytea,
  check ((state = 'planning') = (plan_hash is null)),
  check ((approved_by is null) = (approved_at is null)),
  check ((approved_by is null) = (approved_hash is null)),
  check (approved_hash is null or approved_hash is not distinct from plan_hash)
);

-- What the snapshot does not say of a line at the period's start: its later status and consents,
-- settled once a plan. Kept, so that the decisions can be made again from what was known then.
create table plan_line_fact (
  -- No foreign key: checking it row by row took longer than settling the facts.
  plan_id bigint not null,
  customer_id bigint not null,
  line_id bigint not null,
  status_at_start line_status,
  guardian_consent_on date,
  primary key (plan_id, customer_id, line_id)
);

-- Lines that earlier runs of the period posted under another customer than the plan's snapshot
-- names:
-- what was posted for the line goes with it, what was posted for the customer stays.
create table plan_moved_line (
  plan_id bigint not null references plan,
  line_id bigint not null,
  from_customer_id bigint not null,
  to_customer_id bigint not null,
  primary key (plan_id, line_id, from_customer_id)
);
create index plan_moved_line_from on plan_moved_line (plan_id, from_customer_id);
create index plan_moved_line_to on plan_moved_line (plan_id, to_customer_id);

create table plan_chunk (
  plan_id bigint not null references plan,
  chunk_no integer not null,
  digest bytea not null check (octet_length(digest) = 32),
  postings integer not null,
  entries integer not null,
  tallies jsonb not null,
  primary key (plan_id, chunk_no)
);

-- What a posting says: a list of entries in the order of their numbers.
create table entry_set (
  entry_set_id integer generated always as identity primary key,
  plan_id bigint not null references plan,
  digest bytea not null check (octet_length(digest) = 32),
  entries jsonb not null,
  unique (plan_id, digest)
);

create table run (
  run_id bigint generated always as identity primary key,
  plan_id bigint not null unique references plan,
  programme text not null,
  period text not null,
  state text not null default 'open' check (state in ('open', 'held', 'closed', 'cancelled')),
  chunks integer not null,
  started_by text not null,
  started_at timestamptz not null,
  closed_at timestamptz,
  root_hash bytea check (octet_length(root_hash) = 32),
  held_because text,
  balance jsonb,
  check (state not in ('open', 'held') or root_hash is null),
  check (state <> 'closed' or root_hash is not null),
  check ((state = 'held') = (held_because is not null))
);
-- One run at a time works on a period: whoever starts it second joins.
create unique index run_open_once on run (programme, period) where state in ('open', 'held');

create table run_chunk (
  run_id bigint not null references run,
  chunk_no integer not null,
  state text not null default 'open' check (state in ('open', 'posted', 'refused')),
  attempts integer not null default 0,
  digest bytea check (octet_length(digest) = 32),
  postings integer,
  entries integer,
  lines integer,
  posted_at timestamptz,
  worker text,
  refused_because text,
  primary key (run_id, chunk_no),
  check ((state = 'posted') = (digest is not null))
);
create index run_chunk_open on run_chunk (run_id, chunk_no) where state = 'open';

create table ledger (
  ledger_no smallint generated always as identity primary key,
  programme text not null,
  period text not null,
  unique (programme, period)
);

-- Columns in order of width: 24 bytes of data, no padding.
create table ledger_posting (
  customer_id bigint not null,
  line_id bigint not null,
  entry_set_id integer not null,
  -- 1 for a line's first posting of the period, 2 for the second: two runs that both think they
  -- are first meet in the key.
  posting_no smallint not null,
  ledger_no smallint not null
) partition by list (ledger_no);

create trigger append_only before update or delete or truncate on plan_line_fact
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on plan_moved_line
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on entry_set
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_posting
  for each statement execute function refuse_change();

-- Posted, closed and approved are final.
create function refuse_reopening() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE'
     or (tg_table_name = 'run_chunk' and old.state = 'posted')
     or (tg_table_name = 'run' and old.state in ('closed', 'cancelled')) then
    raise exception '% is final: % refused', tg_table_name, lower(tg_op) using errcode = 'RD001';
  end if;
  return new;
end $$;
create trigger final before truncate on run for each statement execute function refuse_change();
create trigger final before truncate on run_chunk
  for each statement execute function refuse_change();
create trigger final before truncate on plan for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on plan_chunk
  for each statement execute function refuse_change();
create trigger final_chunk before update or delete on run_chunk
  for each row execute function refuse_reopening();
create trigger final_run before update or delete on run
  for each row execute function refuse_reopening();

create function open_ledger(for_programme text, for_period text) returns smallint
language plpgsql as $$
declare
  number smallint;
  leaf text;
begin
  perform pg_advisory_xact_lock(hashtext('open_ledger'));
  select ledger_no into number from ledger where programme = for_programme and period = for_period;
  if found then return number; end if;
  insert into ledger (programme, period) values (for_programme, for_period)
    returning ledger_no into number;
  leaf := format('ledger_posting_%s', number);
  execute format('create table %I partition of ledger_posting for values in (%s)', leaf, number);
  execute format('alter table %I alter column ledger_no set default %s', leaf, number);
  execute format('alter table %I add primary key (customer_id, line_id, posting_no)', leaf);
  execute format(
    'create trigger append_only before update or delete or truncate on %I
       for each statement execute function refuse_change()', leaf);
  return number;
end $$;

-- The ledger as its readers know it (contracts §4), one row an entry. The dictionary is spelled out
-- before it is joined: a few dozen sets instead of one parse a posting.
create view ledger_entry as
select
  l.programme, e.version, l.period, e.benefit, s.customer_id, s.line_id, e.entry_no, e.entry_type,
  e.subject, e.quantity, e.unit, e.option, e.valid_from, e.valid_to, e.reason, e.reverses_entry_no,
  e.run_id, s.posting_no, e.plan_id, e.snapshot_id, s.ledger_no
from ledger_posting s
join ledger l using (ledger_no)
join (
  select d.entry_set_id, p.version, p.plan_id, p.snapshot_id, r.run_id, entry.*
  from entry_set d
  join plan p using (plan_id)
  join run r using (plan_id)
  cross join lateral jsonb_to_recordset(d.entries) as entry(
    benefit text, entry_no integer, entry_type text, subject text, quantity bigint, unit text,
    option text, valid_from date, valid_to date, reason text, reverses_entry_no integer)
) e using (entry_set_id);

-- Names this database to services that several databases may share, such as one Redis.
create table installation (
  installation_id uuid not null default gen_random_uuid(),
  only_one boolean primary key default true check (only_one)
);
insert into installation default values;
