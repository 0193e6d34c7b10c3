-- The books of the refunds, the batches that pay them, and what the bank said. The facts are
-- decisions, transfers, approvals, answers and what was set aside; the journal follows from them
-- row for row (`expected_journal`), so that a row altered in either is found by the other.

create table payout_batch (
  -- Counted without a gap, under the lock: the bank knows the batch by it, and whoever was killed
  -- while making one makes the same once more.
  batch_id bigint primary key check (batch_id > 0),
  programme text not null,
  version integer not null,
  payout_on date not null,
  now_at timestamptz not null,
  count integer not null check (count > 0),
  total_krw bigint not null check (total_krw > 0),
  -- How many people other than the maker have to sign, by the tiers of the programme.
  checkers smallint not null check (checkers > 0),
  -- {reason: n} of payout_hold.
  holds jsonb not null,
  batch_hash bytea not null check (octet_length(batch_hash) = 32),
  state text not null default 'prepared' check (state in ('prepared', 'approved', 'cancelled')),
  approved_at timestamptz,
  made_by text not null,
  made_at timestamptz not null,
  check ((state = 'approved') = (approved_at is not null))
);
create unique index one_prepared_batch on payout_batch (programme, payout_on)
  where state = 'prepared';

-- One attempt to pay one refund. `seq` counts from 1 within the batch and is the order of its file.
-- No foreign keys, as in status_change: reconciling looks for orphans.
create table payout_transfer (
  batch_id bigint not null,
  seq integer not null check (seq > 0),
  line_id bigint not null,
  attempt_no smallint not null check (attempt_no > 0),
  application_id text not null,
  -- The version of the application whose account is paid.
  application_no bigint not null,
  amount_krw won not null check (amount_krw > 0),
  end_to_end_id text not null,
  row_hash bytea not null,
  -- Ends its hold on the refund: its batch was cancelled, or it came back and was corrected.
  released boolean not null default false,
  primary key (line_id, attempt_no)
);
create unique index payout_transfer_of_batch on payout_transfer (batch_id, seq);
create unique index payout_transfer_by_name on payout_transfer (end_to_end_id);
create index payout_transfer_of_application on payout_transfer (application_id);
create unique index one_open_transfer_a_line on payout_transfer (line_id) where not released;

create table payout_hold (
  batch_id bigint not null,
  line_id bigint not null,
  application_id text not null,
  reason text not null,
  primary key (batch_id, application_id)
);

create table payout_approval (
  batch_id bigint not null references payout_batch,
  approved_by text not null,
  -- False where the name was only claimed, in a rehearsal.
  authenticated boolean not null,
  approved_at timestamptz not null,
  batch_hash bytea not null,
  primary key (batch_id, approved_by)
);

-- Who had a batch written to a file, in which parts, and what came out.
create table payout_export (
  export_id bigint generated always as identity primary key,
  batch_id bigint not null references payout_batch,
  format text not null,
  transfers_per_file integer not null check (transfers_per_file > 0),
  made_by text not null,
  made_at timestamptz not null
);
create index payout_export_of_batch on payout_export (batch_id);
create table payout_export_part (
  export_id bigint not null references payout_export,
  message_id text not null,
  first_seq integer not null,
  last_seq integer not null check (last_seq >= first_seq),
  total_krw bigint not null,
  bytes bigint not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  primary key (export_id, message_id)
);
create index payout_export_part_by_message on payout_export_part (message_id);

create table bank_status_file (
  file_id bigint primary key check (file_id > 0),
  sha256 bytea not null unique check (octet_length(sha256) = 32),
  bytes bigint not null,
  answers integer not null,
  counts jsonb not null,
  imported_by text not null,
  imported_at timestamptz not null
);

-- What the bank said of one transfer; of a whole message, a row for each transfer it stands for.
-- `meaning` is what the status means; `outcome` what it did: settled, rejected and returned are
-- booked, the rest books nothing.
create table bank_status (
  file_id bigint not null,
  seq integer not null,
  end_to_end_id text,
  message_id text not null,
  status text not null,
  meaning text not null check (meaning in ('settled', 'rejected', 'pending', 'unknown')),
  reason text,
  retry_class text,
  amount_krw bigint,
  said_at timestamptz,
  outcome text not null check (outcome in ('settled', 'rejected', 'returned', 'pending', 'noted',
    'repeated', 'overtaken', 'contradicts', 'unknown', 'wrong_amount')),
  row_hash bytea not null,
  primary key (file_id, seq)
);
create index bank_status_of_transfer on bank_status (end_to_end_id);
create unique index booked_once on bank_status (end_to_end_id, outcome)
  where outcome in ('settled', 'rejected', 'returned');

create table unclaimed_pass (
  pass_id bigint generated always as identity primary key,
  now_at timestamptz not null,
  made_by text not null,
  made_at timestamptz not null
);
create table unclaimed_refund (
  line_id bigint not null,
  pass_id bigint not null,
  account text not null check (account in ('refunds_payable', 'returned')),
  amount_krw won not null check (amount_krw > 0),
  -- The payout date it was first due on, from which it ages.
  due_on date not null,
  primary key (line_id, account)
);

-- A row is a balanced entry: one account is debited and another credited with the same whole won.
create table journal (
  journal_no bigint generated always as identity primary key,
  event text not null,
  event_key text not null unique,
  line_id bigint not null,
  attempt_no smallint,
  batch_id bigint,
  debit text not null,
  credit text not null,
  amount_krw won not null check (amount_krw > 0),
  at timestamptz not null,
  source text not null,
  constraint accounts_of_event check ((event, debit, credit) in (
    ('assessed', 'refund_expense', 'refunds_payable'),
    ('reversed', 'refunds_payable', 'refund_expense'),
    ('instructed', 'refunds_payable', 'in_transit'),
    ('settled', 'in_transit', 'settled'),
    ('rejected', 'in_transit', 'returned'),
    ('returned', 'settled', 'returned'),
    ('corrected', 'returned', 'refunds_payable'),
    ('unclaimed', 'refunds_payable', 'unclaimed'),
    ('unclaimed', 'returned', 'unclaimed')))
);
create index journal_of_line on journal (line_id);

create view trial_balance as
with sides as (
  select debit as account, amount_krw::bigint as debit_krw, 0::bigint as credit_krw from journal
  union all select credit, 0, amount_krw from journal
)
select account, sum(debit_krw)::bigint as debit_krw, sum(credit_krw)::bigint as credit_krw,
  sum(debit_krw - credit_krw)::bigint as balance_krw
from sides group by account;

-- Both stand in no schema's way: all they call is built in, and so they can be inlined.
create function transfer_hash(it payout_transfer) returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(it.batch_id, it.seq, it.line_id, it.attempt_no,
    it.application_id, it.application_no, it.amount_krw, it.end_to_end_id)::text, 'UTF8'))
$$;

create function answer_hash(it bank_status) returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(it.file_id, it.seq, it.end_to_end_id, it.message_id,
    it.status, it.meaning, it.reason, it.retry_class, it.amount_krw,
    extract(epoch from it.said_at), it.outcome)::text, 'UTF8'))
$$;

-- Over all that is signed.
create function batch_hash_of(it payout_batch) returns bytea language sql stable
set search_path = public, pg_temp as $$
  select sha256(convert_to(jsonb_build_array(it.programme, it.version, it.payout_on, it.count,
      it.total_krw, it.checkers)::text, 'UTF8')
    || coalesce(string_agg(row_hash, ''::bytea order by seq), ''::bytea))
  from payout_transfer t where t.batch_id = it.batch_id
$$;

-- What became of each attempt. What the bank said of one counts as a set, in whatever order it came
-- in: settled alone, rejected alone; where it said both, the money came back if the last rejection
-- is younger than the last settlement by the bank's own clock, else it contradicts itself.
create view transfer_state as
with said as (
  select end_to_end_id,
    bool_or(meaning = 'settled') as is_settled,
    bool_or(meaning = 'rejected') as is_rejected,
    bool_or(said_at is null) as is_timeless,
    max(said_at) filter (where meaning = 'settled') as settled_at,
    max(said_at) filter (where meaning = 'rejected') as rejected_at,
    bool_or(outcome = 'settled') as was_settled,
    min(file_id) filter (where outcome in ('rejected', 'returned')) as came_back_in,
    (array_agg(retry_class order by said_at desc nulls last, retry_class)
      filter (where meaning = 'rejected'))[1] as retry_class
  from bank_status
  where meaning in ('settled', 'rejected') and outcome not in ('unknown', 'wrong_amount')
  group by end_to_end_id
)
select t.batch_id, t.seq, t.line_id, t.attempt_no, t.application_id, t.application_no,
  t.amount_krw, t.end_to_end_id, t.released, b.payout_on, b.state as batch_state, b.approved_at,
  case
    when b.state <> 'approved' then b.state
    when said.is_settled and said.is_rejected and (is_timeless or settled_at >= rejected_at)
      then 'contradicted'
    when said.is_settled and said.is_rejected then 'returned'
    when said.is_rejected then 'rejected'
    when said.is_settled then 'settled'
    else 'in_transit'
  end as state,
  said.retry_class, f.imported_at as came_back_at
from payout_transfer t
join payout_batch b using (batch_id)
left join said using (end_to_end_id)
left join bank_status_file f on f.file_id = said.came_back_in;

-- For the assessment and the export of refunds: of each application its last attempt. What came
-- back holds no application any more; a contradiction does until a person has cleared it up.
create view payout_of_application as
select distinct on (application_id) application_id, line_id, attempt_no, application_no, batch_id,
  payout_on, state,
  case when state in ('in_transit', 'settled', 'contradicted') then approved_at end
    as batch_approved_at,
  case when state in ('rejected', 'returned') then came_back_at end as came_back_at
from transfer_state
where state <> 'cancelled'
order by application_id, attempt_no desc;

drop function application_is_paid(text);
create function application_is_paid(application_id text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from payout_transfer t
    join payout_batch b using (batch_id)
    where t.application_id = $1 and b.state = 'approved' and not t.released
      and not exists (
        select from bank_status s
        where s.end_to_end_id = t.end_to_end_id and s.outcome in ('rejected', 'returned'))
  )
$$;

-- The journal as the facts have it. Two instants can be asked of it: what is, and what ought to be.
create view expected_journal as
select case when d.change > 0 then 'assessed' else 'reversed' end as event,
  format('%s:%s:%s', case when d.change > 0 then 'assessed' else 'reversed' end, d.line_id,
    d.decision_no) as event_key,
  d.line_id, null::smallint as attempt_no, null::bigint as batch_id,
  case when d.change > 0 then 'refund_expense' else 'refunds_payable' end as debit,
  case when d.change > 0 then 'refunds_payable' else 'refund_expense' end as credit,
  abs(d.change) as amount_krw, a.now_at as at, 'assessment ' || a.assessment_id as source
from (
  select line_id, decision_no, assessment_id, amount_krw::bigint - coalesce(
    lag(amount_krw) over (partition by line_id order by decision_no), 0)::bigint as change
  from refund_decision
) d
join refund_assessment a using (assessment_id)
where d.change <> 0
union all
select 'instructed', 'instructed:' || t.end_to_end_id, t.line_id, t.attempt_no, t.batch_id,
  'refunds_payable', 'in_transit', t.amount_krw, b.approved_at, 'batch ' || t.batch_id
from payout_transfer t join payout_batch b using (batch_id) where b.state = 'approved'
union all
select s.outcome, s.outcome || ':' || s.end_to_end_id, t.line_id, t.attempt_no, t.batch_id,
  case s.outcome when 'returned' then 'settled' else 'in_transit' end,
  case s.outcome when 'settled' then 'settled' else 'returned' end,
  t.amount_krw, f.imported_at, 'bank file ' || s.file_id
from bank_status s
join bank_status_file f using (file_id)
join payout_transfer t using (end_to_end_id)
where s.outcome in ('settled', 'rejected', 'returned')
union all
select 'corrected', 'corrected:' || old.end_to_end_id, old.line_id, old.attempt_no, new.batch_id,
  'returned', 'refunds_payable', old.amount_krw, b.made_at, 'batch ' || new.batch_id
from payout_transfer old
join payout_batch was on was.batch_id = old.batch_id and was.state = 'approved'
join payout_transfer new on new.line_id = old.line_id and new.attempt_no = old.attempt_no + 1
join payout_batch b on b.batch_id = new.batch_id
where old.released
union all
select 'unclaimed', 'unclaimed:' || u.line_id || ':' || u.account, u.line_id, null, null,
  u.account, 'unclaimed', u.amount_krw, p.now_at, 'unclaimed ' || u.pass_id
from unclaimed_refund u join unclaimed_pass p using (pass_id);

-- Books what an assessment changed; again, it books nothing.
create function journal_assessment(of_assessment bigint) returns bigint
language sql volatile security definer set search_path = public, pg_temp as $$
  with booked as (
    insert into journal (event, event_key, line_id, debit, credit, amount_krw, at, source)
    select case when change > 0 then 'assessed' else 'reversed' end,
      format('%s:%s:%s', case when change > 0 then 'assessed' else 'reversed' end, line_id,
        decision_no),
      line_id,
      case when change > 0 then 'refund_expense' else 'refunds_payable' end,
      case when change > 0 then 'refunds_payable' else 'refund_expense' end,
      abs(change), now_at, 'assessment ' || of_assessment
    from (
      select d.line_id, d.decision_no, a.now_at,
        d.amount_krw::bigint - coalesce(was.amount_krw, 0)::bigint as change
      from refund_assessment a
      join refund_decision d using (assessment_id)
      left join refund_decision was
        on was.line_id = d.line_id and was.decision_no = d.decision_no - 1
      where a.assessment_id = of_assessment
    ) it
    where change <> 0
    order by line_id
    on conflict (event_key) do nothing
    returning 1
  )
  select count(*) from booked
$$;

-- An assessment is in the books from the moment on in which it is final.
create function journal_final_assessment() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  perform journal_assessment(new.assessment_id);
  return null;
end $$;
create trigger journaled after update on refund_assessment for each row
  when (old.assessment_hash is null and new.assessment_hash is not null)
  execute function journal_final_assessment();

create function check_payout_approval() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  it payout_batch;
  problem text;
begin
  new.approved_by := acting_person();
  new.authenticated := is_authenticated();
  select * into it from payout_batch where batch_id = new.batch_id for update;
  problem := case
    when it.batch_id is null then 'there is no such batch'
    when it.state <> 'prepared' then 'the batch is ' || it.state
    when new.batch_hash <> it.batch_hash then 'another hash is signed'
    when new.approved_by = it.made_by then 'its maker signs'
  end;
  if problem is not null then
    raise exception 'batch %: not approved, %', new.batch_id, problem using errcode = 'RD002';
  end if;
  return new;
end $$;

-- The last signature sends the money on its way, in the books at the same moment.
create function instruct_batch() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  update payout_batch set state = 'approved', approved_at = new.approved_at
  where batch_id = new.batch_id and state = 'prepared'
    and checkers <= (select count(*) from payout_approval where batch_id = new.batch_id);
  if found then
    insert into journal (event, event_key, line_id, attempt_no, batch_id, debit, credit,
      amount_krw, at, source)
    select 'instructed', 'instructed:' || end_to_end_id, line_id, attempt_no, batch_id,
      'refunds_payable', 'in_transit', amount_krw, new.approved_at, 'batch ' || batch_id
    from payout_transfer where batch_id = new.batch_id order by seq;
  end if;
  return null;
end $$;

create function refuse_change_of_batch() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  changing text[] := array['state', 'approved_at'];
begin
  if tg_op = 'UPDATE' and old.state = 'prepared'
     and to_jsonb(new) - changing = to_jsonb(old) - changing
     and (new.state = 'cancelled' or new.state = 'approved' and new.checkers <=
       (select count(*) from payout_approval a where a.batch_id = new.batch_id)) then
    return new;
  end if;
  raise exception 'batch %: % refused', old.batch_id, lower(tg_op) using errcode = 'RD001';
end $$;

-- A transfer lets go of its refund when it was never sent, or came back and nothing speaks against.
create function refuse_change_of_transfer() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and not old.released and new.released
     and to_jsonb(new) - 'released' = to_jsonb(old) - 'released'
     and (exists (select from payout_batch b
           where b.batch_id = old.batch_id and b.state = 'cancelled')
       or exists (select from bank_status s
           where s.end_to_end_id = old.end_to_end_id
             and s.outcome in ('rejected', 'returned'))) then
    return new;
  end if;
  raise exception 'transfer %: % refused', old.end_to_end_id, lower(tg_op) using errcode = 'RD001';
end $$;

-- A batch is made after its transfers, and then it does not grow.
create function refuse_addition_to_batch() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if exists (select from added join payout_batch using (batch_id)) then
    raise exception 'the batch is made: insert in % refused', tg_table_name
      using errcode = 'RD001';
  end if;
  return null;
end $$;

create trigger person before insert on payout_batch
  for each row execute function fill_in_acting_person('made_by');
create trigger final before update or delete on payout_batch
  for each row execute function refuse_change_of_batch();
create trigger append_only before truncate on payout_batch
  for each statement execute function refuse_change();
create trigger final before update or delete on payout_transfer
  for each row execute function refuse_change_of_transfer();
create trigger complete after insert on payout_transfer referencing new table as added
  for each statement execute function refuse_addition_to_batch();
create trigger complete after insert on payout_hold referencing new table as added
  for each statement execute function refuse_addition_to_batch();
create trigger append_only before truncate on payout_transfer
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on payout_hold
  for each statement execute function refuse_change();
create trigger checked before insert on payout_approval
  for each row execute function check_payout_approval();
create trigger instructed after insert on payout_approval
  for each row execute function instruct_batch();
create trigger append_only before update or delete or truncate on payout_approval
  for each statement execute function refuse_change();
create trigger person before insert on payout_export
  for each row execute function fill_in_acting_person('made_by');
create trigger append_only before update or delete or truncate on payout_export
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on payout_export_part
  for each statement execute function refuse_change();
create trigger person before insert on bank_status_file
  for each row execute function fill_in_acting_person('imported_by');
create trigger append_only before update or delete or truncate on bank_status_file
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on bank_status
  for each statement execute function refuse_change();
create trigger person before insert on unclaimed_pass
  for each row execute function fill_in_acting_person('made_by');
create trigger append_only before update or delete or truncate on unclaimed_pass
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on unclaimed_refund
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on journal
  for each statement execute function refuse_change();

-- The maker makes batches, sends them and books what the bank says; the checker signs.
revoke execute on function application_is_paid(text), journal_assessment(bigint) from public;
grant execute on function application_is_paid(text) to redress_operator, redress_finance_maker;
grant execute on function journal_assessment(bigint) to redress_finance_maker;
grant select on payout_batch, payout_transfer, payout_hold, payout_approval, payout_export,
  payout_export_part, bank_status_file, bank_status, unclaimed_pass, unclaimed_refund, journal,
  trial_balance, transfer_state, payout_of_application, expected_journal
  to redress_finance_maker, redress_finance_checker, redress_auditor;
grant insert on payout_batch, payout_transfer, payout_hold, payout_export, payout_export_part,
  bank_status_file, bank_status, unclaimed_pass, unclaimed_refund, journal
  to redress_finance_maker;
grant update (state) on payout_batch to redress_finance_maker;
grant update (released) on payout_transfer to redress_finance_maker;
grant insert (batch_id, approved_at, batch_hash) on payout_approval to redress_finance_checker;
grant select on payout_of_application to redress_operator, redress_agent;
