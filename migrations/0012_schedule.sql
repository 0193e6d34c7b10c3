-- What a programme does by itself: when a scheduler last looked, what was due, what became of it,
-- and who decided on what was missed. Nothing here is of a single customer.

-- One row a programme: the last sign of life of any scheduler.
create table schedule_tick (
  programme text primary key,
  looked_at timestamptz not null,
  -- Names a process; says nothing of a person.
  scheduler text not null,
  looks bigint not null default 1 check (looks > 0)
);

-- An occurrence from the moment on in which a scheduler or a person dealt with it. Its key is of
-- the programme, the task and what it is for: a time of day that is moved makes no second one.
create table scheduled_task (
  key text primary key check (length(key) between 5 and 150 and key !~ '\s'),
  programme text not null,
  task text not null,
  period text,
  date date,
  round smallint,
  campaign text,
  due_at timestamptz not null,
  state text not null check (state in ('due', 'running', 'waiting_for_approval',
    'waiting_for_input', 'done', 'failed', 'missed', 'skipped', 'merged')),
  -- Tries since it was due, waited last or was sent off by a person.
  attempts integer not null default 0 check (attempts >= 0),
  next_try_at timestamptz,
  -- A task whose lease has ended belongs to nobody, whatever became of its process.
  lease_until timestamptz,
  scheduler text,
  -- What it waits for, or why it failed: a sentence.
  needs text check (length(needs) between 1 and 500),
  -- Ids and counts, never personal data.
  result jsonb not null default '{}' check (jsonb_typeof(result) = 'object'),
  -- A person said that it goes without the input it waits for.
  forced boolean not null default false,
  resolution text check (resolution in ('run', 'skip', 'merge')),
  resolved_by text,
  -- False where the name was only claimed, in a rehearsal.
  authenticated boolean,
  resolved_at timestamptz,
  reason text check (length(btrim(reason)) between 1 and 500),
  merged_into text references scheduled_task,
  reminded_at timestamptz,
  reminders integer not null default 0 check (reminders >= 0),
  changed_at timestamptz not null,
  check ((state = 'running') = (lease_until is not null)),
  check ((state = 'merged') = (merged_into is not null)),
  check (merged_into <> key),
  check (state <> 'skipped' or resolution is not null),
  check ((resolution is null) = (resolved_by is null)),
  check ((resolution is null) = (authenticated is null)),
  check ((resolution is null) = (resolved_at is null)),
  check ((resolution is null) = (reason is null))
);
create index scheduled_task_open on scheduled_task (programme, due_at)
  where state not in ('done', 'skipped', 'merged');

-- Every change of state, with whoever made it. No foreign key: what a clock that ran ahead recorded
-- too early is taken back, and stays here.
create table scheduled_task_event (
  event_id bigint generated always as identity primary key,
  key text not null,
  at timestamptz not null,
  state text not null,
  scheduler text,
  person text not null,
  reason text
);
create index scheduled_task_event_of_key on scheduled_task_event (key, event_id);

-- Who resolves is who acts, whatever the statement says; what has ended stays.
create function check_scheduled_task() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    if old.state in ('due', 'missed') and old.attempts = 0 and old.resolution is null then
      return old;
    end if;
    raise exception 'scheduled task %: delete refused', old.key using errcode = 'RD001';
  end if;
  if tg_op = 'UPDATE' and (old.state in ('done', 'skipped', 'merged')
     or (new.key, new.programme, new.task, new.due_at)
       is distinct from (old.key, old.programme, old.task, old.due_at)) then
    raise exception 'scheduled task %: update refused', old.key using errcode = 'RD001';
  end if;
  if tg_op = 'INSERT' then
    if new.resolution is not null or new.state in ('running', 'skipped', 'merged') then
      raise exception 'scheduled task %: insert refused', new.key using errcode = 'RD001';
    end if;
  elsif (new.resolution, new.resolved_at, new.reason, new.resolved_by, new.authenticated)
     is distinct from
     (old.resolution, old.resolved_at, old.reason, old.resolved_by, old.authenticated) then
    new.resolved_by := acting_person();
    new.authenticated := is_authenticated();
  end if;
  return new;
end $$;

create function note_scheduled_task() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    insert into scheduled_task_event (key, at, state, scheduler, person)
    values (old.key, old.changed_at, 'withdrawn', old.scheduler, acting_person());
  elsif tg_op = 'INSERT' or (new.state, new.resolved_at) is distinct from
     (old.state, old.resolved_at) then
    insert into scheduled_task_event (key, at, state, scheduler, person, reason)
    values (new.key, new.changed_at, new.state, new.scheduler, acting_person(),
      case when tg_op = 'INSERT' or new.resolved_at is distinct from old.resolved_at
        then new.reason end);
  end if;
  return null;
end $$;

create trigger checked before insert or update or delete on scheduled_task
  for each row execute function check_scheduled_task();
create trigger noted after insert or update or delete on scheduled_task
  for each row execute function note_scheduled_task();
create trigger append_only before truncate on scheduled_task
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on scheduled_task_event
  for each statement execute function refuse_change();

-- The scheduler's login runs periods and pays: it is a member of both roles. Any of their members
-- decides on what was missed; all others look.
grant select on schedule_tick, scheduled_task, scheduled_task_event to redress_operator,
  redress_approver, redress_finance_maker, redress_finance_checker, redress_worker,
  redress_auditor;
grant insert, update on schedule_tick to redress_operator, redress_finance_maker;
grant insert, update, delete on scheduled_task to redress_operator, redress_finance_maker;

-- What a worker tells of itself to whoever measures it: counts alone.
grant select (kind, state, rows_quarantined) on import to redress_worker;
grant select (state, amount_krw) on transfer_state to redress_worker;
