-- Who a person is, what an approval says, and what each role may do. A person is a database login
-- (session_user), and columns that name one are filled here, whatever a statement passes for them.

-- In a rehearsal, the one login that may claim to be anybody; null where each login is a person's.
-- Said once, by whoever migrates: `redress` says so of its embedded server alone.
alter table installation add column rehearsal_login text;
update installation set rehearsal_login =
  case when current_setting('redress.rehearsal', true) = 'on' then session_user end;

create function is_authenticated() returns boolean language sql stable security definer
set search_path = public, pg_temp as $$
  select rehearsal_login is distinct from session_user from installation
$$;

create function acting_person() returns text language sql stable security definer
set search_path = public, pg_temp as $$
  select case when is_authenticated() then session_user
              else coalesce(nullif(current_setting('redress.actor', true), ''), session_user) end
$$;

create function fill_in_acting_person() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], acting_person()));
end $$;

create trigger person before insert on import
  for each row execute function fill_in_acting_person('imported_by');
create trigger person before insert on plan
  for each row execute function fill_in_acting_person('made_by');
create trigger person before insert on run
  for each row execute function fill_in_acting_person('started_by');
create trigger same_person before update of imported_by on import
  for each row execute function refuse_change();
create trigger same_person before update of made_by on plan
  for each row execute function refuse_change();
create trigger same_person before update of started_by on run
  for each row execute function refuse_change();
create trigger final before insert or update or delete or truncate on installation
  for each statement execute function refuse_change();

-- The part of a programme version's approval policy that the database itself holds people to, kept
-- as the definition has it by whoever migrates. A version without a row needs two people.
create table approval_policy (
  programme text not null,
  version integer not null,
  two_people_above_entries bigint not null check (two_people_above_entries >= 0),
  two_people_periods text[] not null,
  primary key (programme, version)
);

-- One a plan. `person` is another than the maker; `alone` its maker, where policy lets one person;
-- `forecast` its maker, since all numbers lie within the tolerance of a forecast that another
-- person approved.
create table approval (
  plan_id bigint primary key references plan,
  kind text not null check (kind in ('person', 'alone', 'forecast')),
  approved_by text not null,
  -- False where the name was only claimed: in a rehearsal, and in approvals older than this table.
  authenticated boolean not null,
  approved_at timestamptz not null,
  plan_hash bytea not null check (octet_length(plan_hash) = 32),
  -- Why a held plan may go; no personal data.
  reason text check (length(btrim(reason)) between 1 and 500),
  -- Of a forecast: by what share of each number a later plan may differ and go by itself.
  tolerance numeric check (tolerance between 0 and 1),
  forecast_plan_id bigint references plan,
  check (tolerance is null or kind = 'person'),
  check ((forecast_plan_id is not null) = (kind = 'forecast'))
);
insert into approval (plan_id, kind, approved_by, authenticated, approved_at, plan_hash)
select plan_id, case when approved_by = made_by then 'alone' else 'person' end, approved_by, false,
  approved_at, approved_hash
from plan where approved_by is not null;
alter table plan drop column approved_by, drop column approved_at, drop column approved_hash;

-- A forecast is a plan made before its period has begun: statuses up to then are not in.
create function is_forecast(it plan) returns boolean language sql stable
set search_path = public, pg_temp as $$
  select it.now_at < (it.period || '-01')::timestamp at time zone 'Asia/Seoul'
$$;

-- What a plan's subjects hold of a benefit, and what is told beside it. The quantity of a plan that
-- corrects an earlier run is just the difference, and says nothing beside that of a first one.
create function figures_of(tally jsonb) returns table (figure text, value numeric)
language sql immutable set search_path = public, pg_temp as $$
  with it as (
    select coalesce((tally->>'grants')::numeric, 0) as grants,
      coalesce((tally->>'unchanged')::numeric, 0) as unchanged,
      coalesce((tally->>'refused')::numeric, 0) as refused,
      coalesce((tally->>'reversals')::numeric, 0) as reversals,
      coalesce((tally->>'quantity')::numeric, 0) as quantity
  )
  select 'granted', grants + unchanged from it
  union all select 'refused', refused from it
  union all select 'reversals', reversals from it
  union all select 'quantity', quantity from it where unchanged = 0 and reversals = 0
$$;

create function lies_within(found jsonb, expected jsonb, tolerance numeric) returns boolean
language sql immutable set search_path = public, pg_temp as $$
  select not exists (
    select
    from jsonb_each(expected) was
    full join jsonb_each(found) now using (key)
    cross join lateral figures_of(was.value) then_figure
    join lateral figures_of(now.value) now_figure using (figure)
    where abs(now_figure.value - then_figure.value) > tolerance * abs(then_figure.value)
  )
$$;

create function is_within_forecast(it plan, forecast_id bigint) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select exists (
    select
    from plan forecast
    join approval using (plan_id)
    join snapshot old on old.snapshot_id = forecast.snapshot_id
    join snapshot new on new.snapshot_id = it.snapshot_id
    where forecast.plan_id = forecast_id and is_forecast(forecast) and tolerance is not null
      and (forecast.programme, forecast.version, forecast.period)
        = (it.programme, it.version, it.period)
      and old.as_of = new.as_of
      and lies_within(it.result->'benefits', forecast.result->'benefits', tolerance)
  )
$$;

create function needs_two_people(it plan) returns boolean language sql stable
set search_path = public, pg_temp as $$
  select not exists (
    select from approval_policy policy
    where (policy.programme, policy.version) = (it.programme, it.version)
      and (it.result->>'entries')::bigint <= two_people_above_entries
      and it.period <> all (two_people_periods)
  )
$$;

create function check_approval() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  it plan;
  problem text;
begin
  new.approved_by := acting_person();
  new.authenticated := is_authenticated();
  select * into it from plan where plan_id = new.plan_id for share;
  problem := case
    when it.plan_id is null then 'there is no such plan'
    when it.state <> 'planned' then 'the plan is ' || it.state
    when new.plan_hash <> it.plan_hash then 'another hash is signed'
    when it.holds <> '[]' and new.reason is null then 'the plan is held and no reason is given'
    when is_forecast(it) <> (new.tolerance is not null) then 'a forecast alone has a tolerance'
    when new.kind = 'person' and new.approved_by = it.made_by then 'its maker signs'
    when new.kind <> 'person' and new.approved_by <> it.made_by then 'another than its maker signs'
    when new.kind = 'alone' and needs_two_people(it) then 'it needs two people'
    when new.kind = 'forecast' and not is_within_forecast(it, new.forecast_plan_id)
      then 'it does not lie within an approved forecast'
  end;
  if problem is not null then
    raise exception 'plan %: not approved, %', new.plan_id, problem using errcode = 'RD002';
  end if;
  return new;
end $$;
create trigger checked before insert on approval
  for each row execute function check_approval();
create trigger append_only before update or delete or truncate on approval
  for each statement execute function refuse_change();

-- How whoever makes and runs plans approves one of their own; others sign by insert.
create function approve_own_plan(
  of_plan bigint, signed_hash bytea, at timestamptz, because text, of_forecast bigint
) returns void language sql volatile security definer set search_path = public, pg_temp as $$
  insert into approval (plan_id, kind, approved_at, plan_hash, reason, forecast_plan_id)
  values (of_plan, case when of_forecast is null then 'alone' else 'forecast' end, at,
    signed_hash, because, of_forecast)
$$;

-- A plan is what was approved: once made, it can only be superseded.
create function refuse_replanning() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (old.state = 'planning' or (new.state in (old.state, 'superseded')
    and to_jsonb(new) - 'state' = to_jsonb(old) - 'state')) then
    return new;
  end if;
  raise exception 'plan % is made: % refused', old.plan_id, lower(tg_op) using errcode = 'RD001';
end $$;
create trigger final_plan before update or delete on plan
  for each row execute function refuse_replanning();

create function refuse_addition_to_plan() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if exists (select from added join plan using (plan_id) where state <> 'planning') then
    raise exception 'the plan is made: % in % refused', lower(tg_op), tg_table_name
      using errcode = 'RD001';
  end if;
  return null;
end $$;
create trigger complete after insert on plan_chunk referencing new table as added
  for each statement execute function refuse_addition_to_plan();
create trigger complete after insert on entry_set referencing new table as added
  for each statement execute function refuse_addition_to_plan();

create function check_run() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  it plan;
begin
  select plan.* into it from plan join approval using (plan_id, plan_hash)
    where plan_id = new.plan_id and state = 'planned' for share of plan;
  if it.plan_id is null or is_forecast(it)
     or (it.programme, it.period) <> (new.programme, new.period) then
    raise exception 'plan %: not to be run', new.plan_id using errcode = 'RD002';
  end if;
  return new;
end $$;
create trigger approved before insert on run for each row execute function check_run();

-- Nothing is posted but by a run that is open.
create function refuse_posting_without_run() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if not exists (select from run join ledger using (programme, period)
    where ledger_no = tg_argv[0]::smallint and state = 'open') then
    raise exception 'no run is open: posting refused' using errcode = 'RD001';
  end if;
  return null;
end $$;

-- Triggers run as whoever changes a row, who could put tables of their own in front of ours.
alter function refuse_change() set search_path = public, pg_temp;
alter function refuse_change_when_sealed() set search_path = public, pg_temp;
alter function refuse_change_of_sealed_row() set search_path = public, pg_temp;
alter function refuse_reopening() set search_path = public, pg_temp;

-- Group roles belong to the whole server: another database of it may have made them, this moment.
do $$
declare
  name text;
begin
  foreach name in array array['operator', 'approver', 'finance_maker', 'finance_checker', 'agent',
    'worker', 'auditor']
  loop
    name := 'redress_' || name;
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;
end $$;

-- Definitions that commands need: as the owner, so that no role has to own a table.
create function require_unsealed(of_snapshot integer) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
  if not exists (select from snapshot where snapshot_id = of_snapshot and sealed_at is null) then
    raise exception 'snapshot %: not one that is being loaded', of_snapshot using errcode = 'RD001';
  end if;
end $$;

create procedure grant_on_lines(of_snapshot integer, is_loading boolean) language plpgsql
set search_path = public, pg_temp as $$
declare
  leaf text := format('snapshot_line_%s', of_snapshot);
begin
  execute format('revoke all on %I from redress_operator', leaf);
  execute format('grant select %s on %I to redress_operator',
    case when is_loading then ', insert, delete' else '' end, leaf);
  execute format('grant select on %I to redress_auditor', leaf);
  execute format('grant select (line_id, customer_id, network, line_kind, payment, status,
    guardian_consent_on) on %I to redress_agent', leaf);
end $$;

drop function open_snapshot(integer);
create function open_snapshot(new_snapshot_id integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  leaf text := format('snapshot_line_%s', new_snapshot_id);
begin
  perform require_unsealed(new_snapshot_id);
  execute format('create table %I (like snapshot_line including defaults)', leaf);
  execute format('alter table %I alter column snapshot_id set default %s', leaf, new_snapshot_id);
  execute format(
    'alter table %I add constraint %I check (snapshot_id = %s)',
    leaf, leaf || '_is_this', new_snapshot_id);
  execute format(
    'create trigger sealed before insert or update or delete or truncate on %I
       for each statement execute function refuse_change_when_sealed(%L)', leaf, new_snapshot_id);
  call grant_on_lines(new_snapshot_id, true);
end $$;

create function build_line_key(of_snapshot integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  leaf text := format('snapshot_line_%s', of_snapshot);
begin
  perform require_unsealed(of_snapshot);
  execute format('create unique index %I on %I (line_id)', leaf || '_key', leaf);
end $$;

create function attach_lines(of_snapshot integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform require_unsealed(of_snapshot);
  execute format('alter table snapshot_line attach partition %I for values in (%s)',
    format('snapshot_line_%s', of_snapshot), of_snapshot);
  call grant_on_lines(of_snapshot, false);
end $$;

create function drop_lines(of_snapshot integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform require_unsealed(of_snapshot);
  execute format('drop table if exists %I', format('snapshot_line_%s', of_snapshot));
end $$;

-- Two imports of a kind at a time would each miss the other's rows.
create function wait_for_other_imports(into_table text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if into_table <> all (array['status_change', 'guardian_consent', 'choice', 'choice_withdrawal',
    'voucher_code']) then
    raise exception '% is not imported into', into_table using errcode = 'RD001';
  end if;
  execute format('lock table %I in share row exclusive mode', into_table);
end $$;

create procedure guard_ledger(of_ledger smallint) language plpgsql
set search_path = public, pg_temp as $$
declare
  leaf text := format('ledger_posting_%s', of_ledger);
begin
  execute format(
    'create trigger run_is_open before insert on %I
       for each statement execute function refuse_posting_without_run(%L)', leaf, of_ledger);
  execute format('grant select, insert on %I to redress_operator, redress_worker', leaf);
  execute format('grant select on %I to redress_auditor, redress_agent', leaf);
end $$;

drop function open_ledger(text, text);
create function open_ledger(for_programme text, for_period text) returns smallint
language plpgsql security definer set search_path = public, pg_temp as $$
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
  call guard_ledger(number);
  return number;
end $$;

do $$
declare
  it record;
begin
  for it in select ledger_no from ledger loop
    call guard_ledger(it.ledger_no);
  end loop;
  for it in select snapshot_id, sealed_at is null as is_loading from snapshot
    where to_regclass(format('snapshot_line_%s', snapshot_id)) is not null loop
    call grant_on_lines(it.snapshot_id, it.is_loading);
  end loop;
end $$;

-- Who may do what. What is not granted here, or by a later migration, is refused.
revoke execute on function approve_own_plan(bigint, bytea, timestamptz, text, bigint),
  open_snapshot(integer), build_line_key(integer), attach_lines(integer), drop_lines(integer),
  wait_for_other_imports(text), open_ledger(text, text) from public;
revoke execute on procedure grant_on_lines(integer, boolean), guard_ledger(smallint) from public;

grant usage on schema public to redress_operator, redress_approver, redress_finance_maker,
  redress_finance_checker, redress_agent, redress_worker, redress_auditor;
-- What every command asks first.
grant select on migration, installation, approval_policy to redress_operator, redress_approver,
  redress_finance_maker, redress_finance_checker, redress_agent, redress_worker, redress_auditor;

-- The operator imports, plans and runs; `redress run` works as a worker itself.
grant execute on function approve_own_plan(bigint, bytea, timestamptz, text, bigint),
  open_snapshot(integer), build_line_key(integer), attach_lines(integer), drop_lines(integer),
  wait_for_other_imports(text), open_ledger(text, text) to redress_operator;
grant select on import, quarantined_row, snapshot, snapshot_line, snapshot_chunk, status_change,
  guardian_consent, choice, choice_withdrawal, voucher_code, voucher_issue, plan, plan_chunk,
  plan_moved_line, plan_facts, plan_voucher, entry_set, approval, run, run_chunk,
  ledger, ledger_posting, ledger_entry to redress_operator;
grant insert on import, quarantined_row, snapshot, snapshot_chunk, status_change,
  guardian_consent, choice, choice_withdrawal, voucher_code, voucher_issue, plan, plan_chunk,
  plan_moved_line, plan_facts, plan_voucher, entry_set, run, run_chunk
  to redress_operator;
grant update, delete on import, snapshot to redress_operator;
grant update (state, plan_hash, result, holds) on plan to redress_operator;

-- The approver sees figures and signs them; nothing of a single customer.
grant select on import, snapshot, plan, plan_chunk, entry_set, approval, run, run_chunk, ledger
  to redress_approver;
grant insert (plan_id, kind, approved_at, plan_hash, reason, tolerance) on approval
  to redress_approver;

grant select on snapshot, snapshot_chunk, plan, plan_chunk, plan_moved_line,
  plan_facts, plan_voucher, entry_set, approval, run, run_chunk, ledger, voucher_issue
  to redress_worker;
grant insert on voucher_issue to redress_worker;
grant update (state, closed_at, root_hash, held_because, balance) on run
  to redress_worker, redress_operator;
grant update (state, attempts, digest, postings, entries, lines, posted_at, worker,
  refused_because) on run_chunk to redress_worker, redress_operator;

-- An agent asks why a line got what it got: what a run knew, not what a plan came to.
grant select on snapshot, snapshot_chunk, status_change, guardian_consent, choice,
  choice_withdrawal, plan_moved_line, plan_facts, plan_voucher, entry_set,
  voucher_issue, ledger, ledger_entry to redress_agent;
grant select (plan_id, programme, version, period, snapshot_id, now_at, rules_version, inputs,
  ledger_runs, state) on plan to redress_agent;
grant select (run_id, plan_id, programme, period, state, chunks, started_at, closed_at, root_hash,
  held_because, balance) on run to redress_agent;
grant select (import_id, kind, as_of, state, finished_at) on import to redress_agent;
grant select (code_id, option, expires_on, import_id) on voucher_code to redress_agent;

-- The auditor reads all but what is sealed with the data key.
grant select on import, snapshot, snapshot_line, snapshot_chunk, status_change, guardian_consent,
  choice, choice_withdrawal, voucher_issue, plan, plan_chunk, plan_line_fact, plan_moved_line,
  plan_facts, plan_voucher, entry_set, approval, run, run_chunk, ledger, ledger_posting,
  ledger_entry to redress_auditor;
grant select (import_id, line_no, column_name, reason, expected) on quarantined_row
  to redress_auditor;
grant select (code_id, option, code_digest, expires_on, import_id) on voucher_code
  to redress_auditor;
