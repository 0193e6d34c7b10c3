-- Terminations and applications for a refund as they came in, what was decided of them, and what
-- people decided; and how sealed values get a newer data key.

alter table import drop constraint import_kind_check;
alter table import add constraint import_kind_check check (kind in
  ('snapshot', 'status', 'consents', 'choices', 'vouchers', 'terminations', 'applications'));

-- Twelve digits are more than any bill has, and sums of a million of them still fit a bigint.
create domain won as bigint check (value between 0 and 999999999999);

-- A terminated line as a file told of it (contracts §2.5). A later row restates its line: the one
-- with the highest termination_no counts. No foreign keys here and below, as in status_change.
create table termination (
  termination_no bigint generated always as identity primary key,
  line_id bigint not null,
  customer_id bigint not null,
  customer_kind customer_kind not null,
  network network not null,
  line_kind line_kind not null,
  activated_on date not null,
  contract_event contract_event,
  contract_event_on date,
  terminated_at timestamptz not null,
  termination_kind text not null
    check (termination_kind in ('voluntary', 'port_out', 'ex_officio')),
  subsidy_clawback_krw won not null,
  discount_clawback_krw won not null,
  other_charges_krw won not null,
  paid_krw won not null,
  already_waived_krw won not null,
  resubscribed_on date,
  hardship text
    check (hardship in ('military', 'abroad', 'hospital', 'custody', 'remote_area')),
  hardship_ended_on date,
  notice_number text,
  import_id bigint not null,
  check ((contract_event is null) = (contract_event_on is null)),
  check ((hardship is null) = (hardship_ended_on is null))
);
create index termination_of_line on termination (line_id, termination_no);

-- An application as a file told of it (contracts §2.6), a row a version: the one with the highest
-- application_no counts. Account and holder can be read with the data key alone; their keyed
-- digests, whose key stays when the data key is exchanged, tell equal ones.
create table refund_application (
  application_no bigint generated always as identity primary key,
  application_id text not null check (length(application_id) between 1 and 64),
  line_id bigint not null,
  channel text not null check (channel in ('web', 'call_center', 'store')),
  applied_at timestamptz not null,
  bank_code char(3) not null,
  account_sealed bytea not null,
  account_last4 char(4) not null,
  account_digest bytea not null check (octet_length(account_digest) = 32),
  holder_sealed bytea not null,
  holder_digest bytea not null check (octet_length(holder_digest) = 32),
  holder_check text not null check (holder_check in ('match', 'mismatch', 'unchecked')),
  withdrawn_at timestamptz,
  -- Of both sealed values, whose first byte it is.
  key_version smallint not null,
  import_id bigint not null,
  check (key_version = get_byte(account_sealed, 0) and key_version = get_byte(holder_sealed, 0))
);
create index refund_application_by_id on refund_application (application_id, application_no);
create index refund_application_of_line on refund_application (line_id);

-- Whether the money of an application is on its way or arrived, so that its account can no longer
-- be corrected. Nothing is paid before there are payouts, whose migration replaces this.
create function application_is_paid(application_id text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select false
$$;

-- One pass of the refund rules over all terminations and applications as of an instant. `inputs`
-- are the imports it looked at; it is final once it has its hash.
create table refund_assessment (
  assessment_id bigint generated always as identity primary key,
  programme text not null,
  version integer not null,
  now_at timestamptz not null,
  inputs bigint[] not null,
  rules_version text not null,
  result jsonb,
  assessment_hash bytea check (octet_length(assessment_hash) = 32),
  made_by text not null,
  made_at timestamptz not null,
  check ((result is null) = (assessment_hash is null))
);

-- What a line was told, a row only where it differs from the line's row before.
create table refund_decision (
  line_id bigint not null,
  decision_no smallint not null check (decision_no > 0),
  decision text not null check (decision in ('refundable', 'review', 'refused')),
  reason text not null,
  amount_krw won not null,
  assessment_id bigint not null,
  primary key (line_id, decision_no),
  check ((decision = 'refundable') = (amount_krw > 0))
);

create table application_state (
  application_id text not null,
  state_no smallint not null check (state_no > 0),
  line_id bigint not null,
  state text not null check (state in ('withdrawn', 'early', 'late', 'unknown_line',
    'not_refundable', 'duplicate', 'held', 'accepted')),
  payout_on date,
  assessment_id bigint not null,
  primary key (application_id, state_no),
  check (payout_on is null or state = 'accepted')
);
create index application_state_of_line on application_state (line_id);

-- What a person decides beside the rules, with a reason, and another one approves. The row with the
-- highest review_id of those approved counts. `reason` holds no personal data.
create table refund_review (
  review_id bigint generated always as identity primary key,
  line_id bigint not null,
  -- Where it is about one application of the line, and the account that stood in it then: a hold
  -- is lifted for one account, and another one needs another look.
  application_id text,
  application_no bigint,
  kind text not null
    check (kind in ('hardship', 'hold_lifted', 'exclusion_waived', 'late_accepted')),
  -- The one that is waived.
  exclusion text,
  outcome text not null check (outcome in ('granted', 'denied')),
  reason text not null check (length(btrim(reason)) between 1 and 500),
  proposed_by text not null,
  proposed_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  -- Of the approval; false where the name was only claimed, in a rehearsal.
  authenticated boolean,
  check ((approved_by is null) = (approved_at is null)),
  check ((approved_by is null) = (authenticated is null)),
  check ((kind in ('hold_lifted', 'late_accepted')) = (application_id is not null)),
  check ((application_id is null) = (application_no is null)),
  check ((kind = 'exclusion_waived') = (exclusion is not null)),
  constraint four_eyes check (approved_by <> proposed_by)
);
create index refund_review_of_line on refund_review (line_id, review_id);

-- The version that says where an application's money goes; a withdrawal changes nothing in that.
create function account_version(id text, line bigint) returns bigint language sql stable
set search_path = public, pg_temp as $$
  select coalesce(max(application_no) filter (where withdrawn_at is null), max(application_no))
  from refund_application where application_id = id and line_id = line
$$;

create function propose_review() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  new.proposed_by := acting_person();
  new.application_no := account_version(new.application_id, new.line_id);
  new.approved_by := null;
  new.approved_at := null;
  new.authenticated := null;
  return new;
end $$;

-- The one change there is: an approval, once, of what was proposed as it stands.
create function approve_review() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  signature text[] := array['approved_by', 'approved_at', 'authenticated'];
begin
  if tg_op <> 'UPDATE' or old.approved_at is not null or new.approved_at is null
     or to_jsonb(new) - signature <> to_jsonb(old) - signature then
    raise exception 'review %: % refused', old.review_id, lower(tg_op) using errcode = 'RD001';
  end if;
  new.approved_by := acting_person();
  new.authenticated := is_authenticated();
  if new.approved_by = new.proposed_by then
    raise exception 'review %: not approved, who proposed it signs', old.review_id
      using errcode = 'RD002';
  end if;
  return new;
end $$;

-- What payouts tell of applications, empty until their migration replaces these with the same
-- columns. A transfer that came back is not in the first, and in the second is once another account
-- came in for it: from that instant on it can be paid again (A3).
create view approved_transfer as
  select null::bigint as line_id, null::text as application_id,
    null::timestamptz as batch_approved_at
  where false;
create view corrected_transfer as
  select null::bigint as line_id, null::text as application_id,
    null::timestamptz as corrected_at
  where false;

-- Where the money of an application is; none where nothing is to be paid for it.
create view refund_payout_state as
  select line_id, application_id,
    case when state = 'held' then 'held' when payout_on is null then 'unclaimed' else 'due' end
      as payout_state
  from (
    -- By line first, so that one line's are found by its index.
    select distinct on (line_id, application_id) * from application_state
    order by line_id, application_id, state_no desc
  ) last_state
  where state in ('accepted', 'held');

create function refuse_change_of_assessment() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and old.assessment_hash is null and new.made_by = old.made_by then
    return new;
  end if;
  raise exception 'assessment %: % refused', old.assessment_id, lower(tg_op)
    using errcode = 'RD001';
end $$;

-- A sealed value, as text of jsonb, starts with the version of its key: `\x02…`.
create function sealed_version(value text) returns integer language sql immutable
set search_path = public, pg_temp as $$
  select get_byte(decode(substr(value, 3, 2), 'hex'), 0)
$$;

-- A row stays what it is for ever, but its sealed values, the trigger's arguments, may be sealed
-- anew: all of them, with a newer key, and as long as before, since the same is in them.
create function refuse_change_but_of_key() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  was jsonb := to_jsonb(old);
  found jsonb := to_jsonb(new);
  sealed text;
  is_resealed boolean := found - tg_argv - 'key_version' = was - tg_argv - 'key_version';
begin
  foreach sealed in array tg_argv loop
    is_resealed := is_resealed
      and length(found->>sealed) = length(was->>sealed)
      and sealed_version(found->>sealed) > sealed_version(was->>sealed);
  end loop;
  if is_resealed is not true then
    raise exception '% is append-only: % refused', tg_table_name, lower(tg_op)
      using errcode = 'RD001';
  end if;
  return new;
end $$;

drop trigger append_only on voucher_code;
create trigger append_only before delete or truncate on voucher_code
  for each statement execute function refuse_change();
create trigger resealed_only before update on voucher_code
  for each row execute function refuse_change_but_of_key('code_sealed');
create trigger resealed_only before update on quarantined_row
  for each row execute function refuse_change_but_of_key('raw_sealed');
create trigger append_only before delete or truncate on refund_application
  for each statement execute function refuse_change();
create trigger resealed_only before update on refund_application
  for each row execute function refuse_change_but_of_key('account_sealed', 'holder_sealed');

create trigger append_only before update or delete or truncate on termination
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on refund_decision
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on application_state
  for each statement execute function refuse_change();
create trigger person before insert on refund_assessment
  for each row execute function fill_in_acting_person('made_by');
create trigger final before update or delete on refund_assessment
  for each row execute function refuse_change_of_assessment();
create trigger append_only before truncate on refund_assessment
  for each statement execute function refuse_change();
create trigger proposed before insert on refund_review
  for each row execute function propose_review();
create trigger approved before update or delete on refund_review
  for each row execute function approve_review();
create trigger append_only before truncate on refund_review
  for each statement execute function refuse_change();

drop function wait_for_other_imports(text);
create function wait_for_other_imports(into_table text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if into_table <> all (array['status_change', 'guardian_consent', 'choice', 'choice_withdrawal',
    'voucher_code', 'termination', 'refund_application']) then
    raise exception '% is not imported into', into_table using errcode = 'RD001';
  end if;
  execute format('lock table %I in share row exclusive mode', into_table);
end $$;

-- Whoever exchanges the data key reads and writes sealed values, and nothing else.
do $$
begin
  if (select count(*) from pg_roles where rolname = 'redress_key_keeper') = 0 then
    create role redress_key_keeper nologin;
  end if;
exception when duplicate_object or unique_violation then
  null;
end $$;
grant usage on schema public to redress_key_keeper;
grant select on migration, installation to redress_key_keeper;
grant select (import_id, line_no, raw_sealed), update (raw_sealed) on quarantined_row
  to redress_key_keeper;
grant select (code_id, option, code_digest, code_sealed), update (code_sealed) on voucher_code
  to redress_key_keeper;
grant select (application_no, application_id, line_id, bank_code, account_sealed, account_digest,
    holder_sealed, holder_digest, key_version),
  update (account_sealed, holder_sealed, key_version) on refund_application
  to redress_key_keeper;

-- Operators and finance import; finance's maker assesses and proposes, its checker approves.
revoke execute on function application_is_paid(text), wait_for_other_imports(text) from public;
grant execute on function application_is_paid(text), wait_for_other_imports(text)
  to redress_operator, redress_finance_maker;
grant select, insert, update, delete on import to redress_finance_maker;
grant select, insert on quarantined_row to redress_finance_maker;
grant select on snapshot to redress_finance_maker;
grant select, insert on termination, refund_application
  to redress_operator, redress_finance_maker;
grant select on refund_assessment, refund_decision, application_state, refund_review
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
grant insert on refund_assessment, refund_decision, application_state to redress_finance_maker;
grant update (result, assessment_hash) on refund_assessment to redress_finance_maker;
grant insert (line_id, application_id, kind, exclusion, outcome, reason, proposed_at)
  on refund_review
  to redress_finance_maker;
grant update (approved_at) on refund_review to redress_finance_checker;

grant select on approved_transfer, corrected_transfer, refund_payout_state
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
grant insert on access_log to redress_finance_maker, redress_finance_checker;

-- Who judges or explains a refund needs the facts, and neither accounts nor telephone numbers.
grant select (termination_no, line_id, customer_id, customer_kind, network, line_kind,
    activated_on, contract_event, contract_event_on, terminated_at, termination_kind,
    subsidy_clawback_krw, discount_clawback_krw, other_charges_krw, paid_krw, already_waived_krw,
    resubscribed_on, hardship, hardship_ended_on, import_id) on termination
  to redress_finance_checker, redress_agent;
grant select (application_no, application_id, line_id, channel, applied_at, bank_code,
    account_last4, holder_check, withdrawn_at, import_id) on refund_application
  to redress_finance_checker, redress_agent;
grant select on import to redress_finance_checker;
grant select on termination to redress_auditor;
grant select (application_no, application_id, line_id, channel, applied_at, bank_code,
    account_last4, account_digest, holder_digest, holder_check, withdrawn_at, key_version,
    import_id) on refund_application
  to redress_auditor;
