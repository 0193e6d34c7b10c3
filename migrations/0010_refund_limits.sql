-- What refunds did not reach yet: victims who took the discount of their own package, transfers of
-- which the bank says both, lines that never left, and the one programme whose refunds these are.

alter table import drop constraint import_kind_check;
alter table import add constraint import_kind_check check (kind in ('snapshot', 'status',
  'consents', 'choices', 'vouchers', 'terminations', 'applications', 'victims'));

-- A confirmed victim who took the discount (A43), as a file told of the line. A later row restates
-- its line: the one with the highest victim_no counts, and one without a date takes it back.
create table victim_discount (
  victim_no bigint generated always as identity primary key,
  line_id bigint not null,
  discount_taken_on date,
  import_id bigint not null
);
create index victim_discount_of_line on victim_discount (line_id, victim_no);
create trigger append_only before update or delete or truncate on victim_discount
  for each statement execute function refuse_change();

drop function wait_for_other_imports(text);
create function wait_for_other_imports(into_table text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if into_table <> all (array['status_change', 'guardian_consent', 'choice', 'choice_withdrawal',
    'voucher_code', 'termination', 'refund_application', 'victim_discount']) then
    raise exception '% is not imported into', into_table using errcode = 'RD001';
  end if;
  execute format('lock table %I in share row exclusive mode', into_table);
end $$;

-- Decisions, reviews, books and transfers are a line's own, and say nothing of a programme: those
-- of two would mix. So the first assessment settles whose refunds this database pays.
create function refuse_second_refund_programme() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
begin
  if exists (select from refund_assessment where programme <> new.programme) then
    raise exception 'refunds of another programme are kept here: insert in % refused', tg_table_name
      using errcode = 'RD001';
  end if;
  return new;
end $$;
create trigger one_programme before insert on refund_assessment
  for each row execute function refuse_second_refund_programme();

-- Of a line that may never have left: as its newest sealed snapshot and what came after tell it;
-- null where none holds it. Changes up to the end of the snapshot's day are in it already.
create function line_standing(of_line bigint, moment timestamptz, zone text) returns text
language sql stable security definer set search_path = public, pg_temp as $$
  select case when later.status = 'terminated' then 'terminated' else 'in_service' end
  from snapshot_line line
  join snapshot s using (snapshot_id)
  left join lateral (
    select c.status from status_change c
    where c.line_id = of_line and c.effective_at <= moment
      and c.effective_at >= (s.as_of + 1)::timestamp at time zone zone
    order by c.effective_at desc, c.sequence_no desc limit 1
  ) later on true
  where line.line_id = of_line and s.sealed_at is not null
  order by s.as_of desc, s.snapshot_id desc
  limit 1
$$;

-- What two people found out about a transfer of which the bank says that it was paid and that it
-- was not. It stands for all that the bank had said until then (`answers_to`, a bank file); what
-- says otherwise later contradicts anew. It moves the money from where the books had it to where
-- it is; where it is there already, the entry only records that it was looked at.
create table payout_resolution (
  resolution_id bigint generated always as identity primary key,
  end_to_end_id text not null,
  outcome text not null check (outcome in ('settled', 'rejected', 'returned')),
  reason text not null check (length(btrim(reason)) between 1 and 500),
  proposed_by text not null,
  proposed_at timestamptz not null,
  answers_to bigint,
  debit text,
  credit text check (credit = case outcome when 'settled' then 'settled' else 'returned' end),
  approved_by text,
  approved_at timestamptz,
  -- False where the name was only claimed, in a rehearsal.
  authenticated boolean,
  -- Over all of it, once it is approved.
  row_hash bytea,
  check (num_nulls(answers_to, debit, credit, approved_by, approved_at, authenticated, row_hash)
    in (0, 7)),
  constraint four_eyes check (approved_by <> proposed_by)
);
create index payout_resolution_of_transfer on payout_resolution (end_to_end_id);

alter table journal drop constraint accounts_of_event;
alter table journal add constraint accounts_of_event check ((event, debit, credit) in (
  ('assessed', 'refund_expense', 'refunds_payable'),
  ('reversed', 'refunds_payable', 'refund_expense'),
  ('instructed', 'refunds_payable', 'in_transit'),
  ('settled', 'in_transit', 'settled'),
  ('rejected', 'in_transit', 'returned'),
  ('returned', 'settled', 'returned'),
  ('corrected', 'returned', 'refunds_payable'),
  ('resolved', 'returned', 'settled'),
  ('resolved', 'refunds_payable', 'settled'),
  ('resolved', 'unclaimed', 'settled'),
  ('resolved', 'settled', 'returned'),
  ('resolved', 'settled', 'settled'),
  ('resolved', 'returned', 'returned'),
  ('unclaimed', 'refunds_payable', 'unclaimed'),
  ('unclaimed', 'returned', 'unclaimed')));

create function resolution_hash(it payout_resolution) returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(it.resolution_id, it.end_to_end_id, it.outcome,
    it.reason, it.proposed_by, extract(epoch from it.proposed_at), it.answers_to, it.debit,
    it.credit, it.approved_by, extract(epoch from it.approved_at), it.authenticated)::text, 'UTF8'))
$$;

drop view refund_payout_state;
drop view corrected_transfer;
drop view approved_transfer;
drop view payout_of_application;
drop view transfer_state;

-- As before: what the bank said of an attempt counts as a set. Where people resolved what it said,
-- their word stands until the bank contradicts it.
create view transfer_state as
with said as (
  select end_to_end_id,
    bool_or(meaning = 'settled') as is_settled,
    bool_or(meaning = 'rejected') as is_rejected,
    bool_or(said_at is null) as is_timeless,
    max(said_at) filter (where meaning = 'settled') as settled_at,
    max(said_at) filter (where meaning = 'rejected') as rejected_at,
    min(file_id) filter (where outcome in ('rejected', 'returned')) as came_back_in,
    max(file_id) filter (where outcome = 'contradicts') as contradicted_in,
    (array_agg(retry_class order by said_at desc nulls last, retry_class)
      filter (where meaning = 'rejected'))[1] as retry_class
  from bank_status
  where meaning in ('settled', 'rejected') and outcome not in ('unknown', 'wrong_amount')
  group by end_to_end_id
),
resolved as (
  select distinct on (end_to_end_id) end_to_end_id, outcome, answers_to
  from payout_resolution where approved_at is not null
  order by end_to_end_id, answers_to desc
)
select t.batch_id, t.seq, t.line_id, t.attempt_no, t.application_id, t.application_no,
  t.amount_krw, t.end_to_end_id, t.released, b.payout_on, b.state as batch_state, b.approved_at,
  case
    when b.state <> 'approved' then b.state
    when contradicted_in > answers_to then 'contradicted'
    when resolved.outcome is not null then resolved.outcome
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
left join resolved using (end_to_end_id)
left join bank_status_file f on f.file_id = said.came_back_in;

-- For the assessment and the export of refunds: of each application the attempt that has its money,
-- else its last one. What came back holds no application any more; a contradiction does until it is
-- resolved, also where another attempt was made before the bank contradicted itself.
create view payout_of_application as
select distinct on (application_id) application_id, line_id, attempt_no, application_no, batch_id,
  payout_on, state,
  case when state in ('in_transit', 'settled', 'contradicted') then approved_at end
    as batch_approved_at,
  case when state in ('rejected', 'returned') then came_back_at end as came_back_at
from transfer_state
where state <> 'cancelled'
order by application_id, state in ('in_transit', 'settled', 'contradicted') desc, attempt_no desc;

create view approved_transfer as
  select line_id, application_id, batch_approved_at
  from payout_of_application where batch_approved_at is not null;

create view corrected_transfer as
  select t.line_id, t.application_id, max(i.finished_at) as corrected_at
  from transfer_state t
  join lateral (
    select a.import_id from refund_application a
    where a.application_id = t.application_id and a.application_no > t.application_no
    order by a.application_no limit 1
  ) correction on true
  join import i using (import_id)
  where t.state in ('rejected', 'returned')
  group by t.line_id, t.application_id;

create view refund_payout_state as
  select last_state.line_id, last_state.application_id,
    case
      when p.state = 'prepared' then 'in_batch'
      when p.state in ('in_transit', 'contradicted') then 'instructed'
      when p.state = 'settled' then 'settled'
      when p.state in ('rejected', 'returned') and (c.corrected_at is null
        or last_state.payout_on is null) then p.state
      when last_state.state = 'held' then 'held'
      when last_state.payout_on is null then 'unclaimed'
      else 'due'
    end as payout_state
  from (
    -- By line first, so that one line's are found by its index.
    select distinct on (line_id, application_id) * from application_state
    order by line_id, application_id, state_no desc
  ) last_state
  left join payout_of_application p using (line_id, application_id)
  left join corrected_transfer c using (line_id, application_id)
  where last_state.state in ('accepted', 'held') or p.state is not null;

-- Whether people found, last of all, that an attempt was paid.
create function is_resolved_as_settled(id text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce((
    select outcome = 'settled' from payout_resolution
    where end_to_end_id = id and approved_at is not null
    order by answers_to desc limit 1), false)
$$;

drop function application_is_paid(text);
create function application_is_paid(application_id text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from payout_transfer t
    join payout_batch b using (batch_id)
    where t.application_id = $1 and b.state = 'approved'
      and (is_resolved_as_settled(t.end_to_end_id)
        or not t.released and not exists (
          select from bank_status s
          where s.end_to_end_id = t.end_to_end_id and s.outcome in ('rejected', 'returned')))
  )
$$;

alter view expected_journal rename to journal_without_resolutions;
create view expected_journal as
select * from journal_without_resolutions
union all
select 'resolved', 'resolved:' || r.end_to_end_id || ':' || r.resolution_id, t.line_id,
  t.attempt_no, t.batch_id, r.debit, r.credit, t.amount_krw, r.approved_at,
  'resolution ' || r.resolution_id
from payout_resolution r join payout_transfer t using (end_to_end_id)
where r.approved_at is not null;

create function propose_resolution() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
begin
  if not exists (select from transfer_state
      where end_to_end_id = new.end_to_end_id and state = 'contradicted') then
    raise exception 'transfer %: not contradicted', new.end_to_end_id using errcode = 'RD002';
  end if;
  new.proposed_by := acting_person();
  new.answers_to := null;
  new.debit := null;
  new.credit := null;
  new.approved_by := null;
  new.approved_at := null;
  new.authenticated := null;
  new.row_hash := null;
  return new;
end $$;

-- Where the books have the money of an attempt that came back, or seemed to: as people left it, or
-- where it went from there. Null where it is in another attempt, or paid by one.
create function account_holding(of_transfer text) returns text language sql stable
security definer set search_path = public, pg_temp as $$
  select case when is_resolved_as_settled(of_transfer) then 'settled' else (
    select account
    from payout_transfer t
    cross join lateral (
      select account, sum(krw) as krw from (
        select credit as account, amount_krw::bigint as krw from journal where line_id = t.line_id
        union all
        select debit, -amount_krw from journal where line_id = t.line_id
      ) side group by account
    ) it
    where t.end_to_end_id = of_transfer and krw >= t.amount_krw
      and account in ('returned', 'refunds_payable', 'unclaimed')
    order by array_position(array['returned', 'refunds_payable', 'unclaimed'], account) limit 1
  ) end
$$;

-- The one change there is: an approval, once, of what was proposed as it stands, while the bank
-- still contradicts itself.
create function approve_resolution() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
declare
  signature text[] := array['approved_by', 'approved_at', 'authenticated', 'answers_to', 'debit',
    'credit', 'row_hash'];
  problem text;
begin
  if tg_op <> 'UPDATE' or old.approved_at is not null or new.approved_at is null
     or to_jsonb(new) - signature <> to_jsonb(old) - signature then
    raise exception 'resolution %: % refused', old.resolution_id, lower(tg_op)
      using errcode = 'RD001';
  end if;
  perform pg_advisory_xact_lock(hashtext('redress payouts'));
  new.approved_by := acting_person();
  new.authenticated := is_authenticated();
  new.answers_to :=
    (select max(file_id) from bank_status where end_to_end_id = new.end_to_end_id);
  new.credit := case new.outcome when 'settled' then 'settled' else 'returned' end;
  new.debit := account_holding(new.end_to_end_id);
  -- Not paid, it is owed wherever it waits now; only what stood as paid goes back.
  if new.credit = 'returned' and new.debit is distinct from 'settled' then
    new.debit := 'returned';
  end if;
  problem := case
    when new.approved_by = new.proposed_by then 'who proposed it signs'
    when not exists (select from transfer_state
      where end_to_end_id = new.end_to_end_id and state = 'contradicted') then 'not contradicted'
    when new.debit is null then 'another attempt has its money'
  end;
  if problem is not null then
    raise exception 'resolution %: not approved, %', new.resolution_id, problem
      using errcode = 'RD002';
  end if;
  new.row_hash := resolution_hash(new);
  return new;
end $$;

create function book_resolution() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into journal (event, event_key, line_id, attempt_no, batch_id, debit, credit, amount_krw,
    at, source)
  select 'resolved', 'resolved:' || new.end_to_end_id || ':' || new.resolution_id, line_id,
    attempt_no, batch_id, new.debit, new.credit, amount_krw, new.approved_at,
    'resolution ' || new.resolution_id
  from payout_transfer where end_to_end_id = new.end_to_end_id;
  return null;
end $$;

create trigger proposed before insert on payout_resolution
  for each row execute function propose_resolution();
create trigger approved before update or delete on payout_resolution
  for each row execute function approve_resolution();
create trigger booked after update on payout_resolution
  for each row execute function book_resolution();
create trigger append_only before truncate on payout_resolution
  for each statement execute function refuse_change();

-- As before, and never what people found to be paid.
drop trigger final on payout_transfer;
drop function refuse_change_of_transfer();
create function refuse_change_of_transfer() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and not old.released and new.released
     and to_jsonb(new) - 'released' = to_jsonb(old) - 'released'
     and (exists (select from payout_batch b
           where b.batch_id = old.batch_id and b.state = 'cancelled')
       or not is_resolved_as_settled(old.end_to_end_id)
         and exists (select from bank_status s
           where s.end_to_end_id = old.end_to_end_id
             and s.outcome in ('rejected', 'returned'))) then
    return new;
  end if;
  raise exception 'transfer %: % refused', old.end_to_end_id, lower(tg_op) using errcode = 'RD001';
end $$;
create trigger final before update or delete on payout_transfer
  for each row execute function refuse_change_of_transfer();

revoke execute on function wait_for_other_imports(text), application_is_paid(text),
  is_resolved_as_settled(text), account_holding(text), line_standing(bigint, timestamptz, text)
  from public;
grant execute on function wait_for_other_imports(text), application_is_paid(text)
  to redress_operator, redress_finance_maker;
grant execute on function line_standing(bigint, timestamptz, text)
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
grant select on victim_discount
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
grant insert on victim_discount to redress_operator, redress_finance_maker;
grant select on payout_resolution, transfer_state, expected_journal, journal_without_resolutions
  to redress_finance_maker, redress_finance_checker, redress_auditor;
grant insert (end_to_end_id, outcome, reason, proposed_at) on payout_resolution
  to redress_finance_maker;
grant update (approved_at) on payout_resolution to redress_finance_checker;
grant select on payout_of_application
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
grant select on approved_transfer, corrected_transfer, refund_payout_state
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
