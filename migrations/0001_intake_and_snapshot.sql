-- What came in, and the population frozen on a day. Rows of a sealed snapshot never change.

create type customer_kind as enum ('individual', 'corporate');
create type network as enum ('kt', 'mvno');
create type line_kind as enum ('handset', 'tablet', 'watch', 'iot');
create type payment as enum ('postpaid', 'prepaid');
create type line_status as enum ('active', 'suspended', 'terminated');
create type contract_event as enum ('new', 'device_change', 'renewal');
create type plan_restriction as enum ('none', 'minor');

-- One accepted or held file. `loading` is left behind by a kill; repeating the command clears it.
create table import (
  import_id bigint generated always as identity primary key,
  kind text not null check (kind in ('snapshot', 'status', 'consents')),
  as_of date,
  file_name text not null,
  sha256 bytea check (octet_length(sha256) = 32),
  size_bytes bigint,
  state text not null default 'loading' check (state in ('loading', 'accepted', 'held')),
  rows_read bigint not null default 0,
  rows_accepted bigint not null default 0,
  rows_quarantined bigint not null default 0,
  rows_duplicate bigint not null default 0,
  imported_by text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  check ((kind = 'snapshot') = (as_of is not null)),
  check (state = 'loading' or rows_read = rows_accepted + rows_quarantined + rows_duplicate
         or state = 'held')
);
-- The same bytes are accepted once; a snapshot's bytes once a date.
create unique index import_accepted_once on import (kind, sha256, as_of) nulls not distinct
  where state = 'accepted';
create index import_by_size on import (size_bytes);

-- Why a row was refused, and the row itself, sealed with the data key.
create table quarantined_row (
  import_id bigint not null references import on delete cascade,
  line_no bigint not null,
  column_name text,
  reason text not null,
  expected text not null,
  raw_sealed bytea not null,
  primary key (import_id, line_no)
);

create table snapshot (
  snapshot_id integer generated always as identity primary key,
  import_id bigint not null references import,
  as_of date not null,
  lines bigint not null default 0,
  customers bigint not null default 0,
  chunks integer not null default 0,
  content_hash bytea check (octet_length(content_hash) = 32),
  sealed_at timestamptz,
  check ((sealed_at is null) = (content_hash is null))
);

-- One partition a snapshot, made by open_snapshot(). Columns as in contracts §2.1, so that a file
-- can be copied in as it stands; `row_no` is the row's place in the file.
create table snapshot_line (
  line_id bigint not null,
  customer_id bigint not null,
  activated_on date not null,
  birth_date date,
  customer_kind customer_kind not null,
  network network not null,
  line_kind line_kind not null,
  payment payment not null,
  status line_status not null,
  plan_restriction plan_restriction not null,
  contract_event contract_event,
  contract_event_on date,
  guardian_consent_on date,
  roaming_promotion_ends_on date,
  row_no integer not null default 0,
  snapshot_id integer not null,
  notice_number text
) partition by list (snapshot_id);

-- A range of customers of a sealed snapshot: the unit of planning, posting and retry. The ranges
-- of a snapshot cover every possible customer_id. `pack` holds, in posting order, what the rules
-- read of these lines (see src/snapshot/pack.ts); `digest` is taken over the full rows.
create table snapshot_chunk (
  snapshot_id integer not null references snapshot,
  chunk_no integer not null,
  first_customer_id bigint not null,
  last_customer_id bigint not null,
  lines integer not null,
  customers integer not null,
  digest bytea not null check (octet_length(digest) = 32),
  pack bytea not null,
  primary key (snapshot_id, chunk_no),
  check (first_customer_id <= last_customer_id)
);
-- Packs are dense already; trying to compress them costs more than it saves.
alter table snapshot_chunk alter column pack set storage external;

create table status_change (
  line_id bigint not null,
  effective_at timestamptz not null,
  -- Rises with the order of import, then of the rows in a file: the last one at an instant counts.
  sequence_no bigint generated always as identity,
  status line_status not null,
  -- No foreign key: its check took 9 of 13 µs a row. A file's rows and the mark that accepts its
  -- import are one transaction, and an accepted import is final.
  import_id bigint not null,
  primary key (line_id, effective_at, sequence_no)
);

create table guardian_consent (
  line_id bigint not null,
  guardian_consent_on date not null,
  import_id bigint not null,
  primary key (line_id, guardian_consent_on)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, lower(tg_op)
    using errcode = 'RD001';
end $$;

create function refuse_change_when_sealed() returns trigger language plpgsql as $$
begin
  if exists (select from snapshot where snapshot_id = tg_argv[0]::integer
    and sealed_at is not null) then
    raise exception 'snapshot % is sealed: % refused', tg_argv[0], lower(tg_op)
      using errcode = 'RD001';
  end if;
  return null;
end $$;

-- A row of a sealed snapshot's header or chunk list is as fixed as its lines.
create function refuse_change_of_sealed_row() returns trigger language plpgsql as $$
declare
  its_snapshot integer := case when tg_op = 'INSERT' then new.snapshot_id else old.snapshot_id end;
begin
  if exists (select from snapshot where snapshot_id = its_snapshot and sealed_at is not null) then
    raise exception 'snapshot % is sealed: % refused', its_snapshot, lower(tg_op)
      using errcode = 'RD001';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger accepted before update or delete on import
  for each row when (old.state = 'accepted') execute function refuse_change();
create trigger sealed before update or delete on snapshot
  for each row execute function refuse_change_of_sealed_row();
create trigger sealed before insert or update or delete on snapshot_chunk
  for each row execute function refuse_change_of_sealed_row();
create trigger append_only before truncate on snapshot
  for each statement execute function refuse_change();
create trigger append_only before truncate on snapshot_chunk
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on status_change
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on guardian_consent
  for each statement execute function refuse_change();
-- Rows are loaded into a partition before it is one; through the parent nothing is ever written.
create trigger append_only before insert or update or delete or truncate on snapshot_line
  for each statement execute function refuse_change();

-- Statement triggers of a parent do not fire for its partitions, so each partition has its own.
create function open_snapshot(new_snapshot_id integer) returns void language plpgsql as $$
declare
  leaf text := format('snapshot_line_%s', new_snapshot_id);
begin
  execute format('create table %I (like snapshot_line including defaults)', leaf);
  execute format('alter table %I alter column snapshot_id set default %s', leaf, new_snapshot_id);
  execute format(
    'alter table %I add constraint %I check (snapshot_id = %s)',
    leaf, leaf || '_is_this', new_snapshot_id);
  execute format(
    'create trigger sealed before insert or update or delete or truncate on %I
       for each statement execute function refuse_change_when_sealed(%L)', leaf, new_snapshot_id);
end $$;
