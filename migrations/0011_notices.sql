-- Whom nobody writes to, what campaigns have to tell whom, each try to hand a message over, and
-- what became of it. No number and no text stands here: a number is looked up when it is needed.

alter table import drop constraint import_kind_check;
alter table import add constraint import_kind_check check (kind in ('snapshot', 'status',
  'consents', 'choices', 'vouchers', 'terminations', 'applications', 'victims', 'restrictions'));

-- Of a line, or of all lines of a customer; the consent to advertising is told here, too. A later
-- row with the same first four columns restates it: the one with the highest restriction_no counts.
create table contact_restriction (
  restriction_no bigint generated always as identity primary key,
  line_id bigint,
  customer_id bigint,
  kind text not null check (kind in ('opted_out', 'number_reassigned', 'deceased', 'seized',
    'advertising_consent')),
  since timestamptz not null,
  until timestamptz,
  import_id bigint not null,
  check (num_nonnulls(line_id, customer_id) = 1),
  check (until >= since)
);
create index contact_restriction_of_line on contact_restriction (line_id, kind, since);
create index contact_restriction_of_customer on contact_restriction (customer_id, kind, since);
create trigger append_only before update or delete or truncate on contact_restriction
  for each statement execute function refuse_change();

-- Two imports at a time would each miss the other's rows.
create function wait_for_other_restrictions() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  lock table contact_restriction in share row exclusive mode;
end $$;

-- A campaign once it was prepared: one of its rounds, or the whole of it where it follows events.
-- `result` tells of the last preparing, in lines: {audience, suppressed, queued}.
create table notice_round (
  notice_round_id bigint generated always as identity primary key,
  programme text not null,
  version integer not null,
  campaign text not null,
  round smallint not null check (round >= 0),
  due_at timestamptz,
  result jsonb,
  prepared_by text not null,
  prepared_at timestamptz not null,
  unique (programme, campaign, round),
  check ((round = 0) = (due_at is null))
);

-- An intent to send. The recipient is a keyed digest of a customer and a number; the text is that
-- of the template's version, the same for all. `event` is empty where a campaign has rounds.
create table outbox_message (
  message_id bigint generated always as identity primary key,
  notice_round_id bigint not null,
  recipient bytea not null check (octet_length(recipient) = 32),
  channel text not null check (channel = 'text'),
  event text not null default '' check (length(event) <= 80),
  idempotency_key text not null check (length(idempotency_key) between 1 and 64),
  template_version smallint not null,
  prepared_on date not null,
  kind text not null check (kind in ('SMS', 'LMS')),
  state text not null default 'queued' check (state in ('queued', 'handing_over', 'sent', 'unknown',
    'dead', 'suppressed', 'waived')),
  -- Why it is in its state, or was not taken when it was last tried.
  reason text check (length(reason) between 1 and 64),
  attempts smallint not null default 0 check (attempts >= 0),
  -- No try before then.
  not_before timestamptz,
  -- By quiet hours, until `not_before`.
  is_held boolean not null default false,
  -- Who has it in hand, or had it last.
  sender_id bigint,
  gateway text,
  reference text,
  sent_at timestamptz,
  check ((state = 'sent') = (sent_at is not null)),
  check (state <> 'handing_over' or (sender_id is not null and gateway is not null)),
  check (not is_held or not_before is not null)
);
create unique index one_message_a_recipient on outbox_message
  (notice_round_id, recipient, channel, event);
create unique index outbox_message_by_key on outbox_message (idempotency_key);
create index outbox_message_queued on outbox_message (notice_round_id, message_id)
  where state = 'queued';
create index outbox_message_in_hand on outbox_message (sender_id) where state = 'handing_over';
create index outbox_message_left on outbox_message (message_id)
  where state in ('dead', 'unknown');
create index outbox_message_by_reference on outbox_message (gateway, reference)
  where reference is not null;

-- The lines that a message tells of. No foreign keys, as in status_change.
create table outbox_line (
  notice_round_id bigint not null,
  line_id bigint not null,
  event text not null default '',
  customer_id bigint not null,
  message_id bigint not null,
  primary key (notice_round_id, line_id, event)
);
create index outbox_line_of_message on outbox_line (message_id);

-- One try, or what was found out of one that its sender did not live to mark.
create table delivery (
  delivery_id bigint generated always as identity primary key,
  message_id bigint not null,
  attempt_no smallint not null,
  gateway text not null,
  outcome text not null check (outcome in ('accepted', 'refused', 'throttled', 'unknown',
    'found_taken', 'found_not_taken', 'found_unclear')),
  reason text,
  reference text,
  sender_id bigint not null,
  at timestamptz not null
);
create index delivery_of_message on delivery (message_id);

-- What a carrier said of a message, by its key or by the gateway's reference: a report may come
-- before the reference is known, so who it is about is asked when it is read.
create table delivery_report (
  report_id bigint generated always as identity primary key,
  gateway text not null,
  key text,
  reference text,
  state text not null check (state in ('delivered', 'undelivered')),
  code text,
  said_at timestamptz not null,
  received_at timestamptz not null,
  check (num_nonnulls(key, reference) > 0)
);
create unique index report_once on delivery_report
  (gateway, key, reference, state, code, said_at) nulls not distinct;
create index delivery_report_by_key on delivery_report (key) where key is not null;
create index delivery_report_by_reference on delivery_report (gateway, reference)
  where reference is not null;

create view reported_message as
select m.message_id, r.state, r.code, r.said_at, r.report_id
from delivery_report r join outbox_message m on m.idempotency_key = r.key
union
select m.message_id, r.state, r.code, r.said_at, r.report_id
from delivery_report r join outbox_message m using (gateway, reference);

-- What a person decided of a message that nobody tries any more. `reason` holds no personal data.
create table outbox_verdict (
  verdict_id bigint generated always as identity primary key,
  message_id bigint not null,
  verdict text not null check (verdict in ('drained', 'waived')),
  was text not null check (was in ('dead', 'unknown')),
  reason text check (length(btrim(reason)) between 1 and 500),
  decided_by text not null,
  decided_at timestamptz not null,
  check ((verdict = 'waived') = (reason is not null))
);
create index outbox_verdict_of_message on outbox_verdict (message_id);

-- The last row says whether anything leaves.
create table notice_stop (
  stop_no bigint generated always as identity primary key,
  stopped boolean not null,
  reason text check (length(btrim(reason)) between 1 and 500),
  decided_by text not null,
  decided_at timestamptz not null
);

create function notices_are_stopped() returns boolean language sql stable
set search_path = public, pg_temp as $$
  select coalesce((select stopped from notice_stop order by stop_no desc limit 1), false)
$$;

-- A sender holds a lock of its number as long as its session lives (see sender-store.ts).
create sequence notice_sender;

-- What a message is and whom it is for is fixed; its state goes one way, but for what a person
-- tries again.
create function refuse_change_of_message() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE'
     and (new.message_id, new.notice_round_id, new.recipient, new.channel, new.event,
       new.idempotency_key, new.template_version, new.prepared_on, new.kind)
     = (old.message_id, old.notice_round_id, old.recipient, old.channel, old.event,
       old.idempotency_key, old.template_version, old.prepared_on, old.kind)
     and (case old.state
       when 'queued' then new.state in ('queued', 'handing_over', 'suppressed')
       when 'handing_over' then new.state in ('queued', 'sent', 'unknown', 'dead')
       when 'dead' then new.state in ('queued', 'waived')
       when 'unknown' then new.state in ('queued', 'waived', 'sent')
       else false
     end) then
    return new;
  end if;
  raise exception 'message %: % refused', old.message_id, lower(tg_op) using errcode = 'RD001';
end $$;

create function refuse_change_of_outbox_line() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'message_id' = to_jsonb(old) - 'message_id'
     and (select state from outbox_message where message_id = old.message_id) = 'queued' then
    return new;
  end if;
  raise exception 'line % of a notice: % refused', old.line_id, lower(tg_op)
    using errcode = 'RD001';
end $$;

create function refuse_change_of_round() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'result' = to_jsonb(old) - 'result' then
    return new;
  end if;
  raise exception 'round %: % refused', old.notice_round_id, lower(tg_op) using errcode = 'RD001';
end $$;

create trigger person before insert on notice_round
  for each row execute function fill_in_acting_person('prepared_by');
create trigger final before update or delete on notice_round
  for each row execute function refuse_change_of_round();
create trigger append_only before truncate on notice_round
  for each statement execute function refuse_change();
create trigger final before update or delete on outbox_message
  for each row execute function refuse_change_of_message();
create trigger append_only before truncate on outbox_message
  for each statement execute function refuse_change();
create trigger final before update or delete on outbox_line
  for each row execute function refuse_change_of_outbox_line();
create trigger append_only before truncate on outbox_line
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on delivery
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on delivery_report
  for each statement execute function refuse_change();
create trigger person before insert on outbox_verdict
  for each row execute function fill_in_acting_person('decided_by');
create trigger append_only before update or delete or truncate on outbox_verdict
  for each statement execute function refuse_change();
create trigger person before insert on notice_stop
  for each row execute function fill_in_acting_person('decided_by');
create trigger append_only before update or delete or truncate on notice_stop
  for each statement execute function refuse_change();

-- The operator imports, prepares, stops and decides; the operator and the worker send.
revoke execute on function wait_for_other_restrictions() from public;
grant execute on function wait_for_other_restrictions() to redress_operator;
grant usage on sequence notice_sender to redress_operator, redress_worker;
grant select on contact_restriction, notice_round, outbox_message, outbox_line, delivery,
    delivery_report, reported_message, outbox_verdict, notice_stop
  to redress_operator, redress_worker, redress_auditor;
grant insert on contact_restriction, notice_round, outbox_verdict, notice_stop to redress_operator;
grant update (result) on notice_round to redress_operator;
grant insert on outbox_message, outbox_line, delivery, delivery_report
  to redress_operator, redress_worker;
grant update (state, reason, attempts, not_before, is_held, sender_id, gateway, reference, sent_at)
  on outbox_message to redress_operator, redress_worker;
grant update (message_id) on outbox_line to redress_operator, redress_worker;
-- Whether and when somebody was written to, for whoever asks; none of it says to which number.
grant select on notice_round, outbox_message, outbox_line, delivery_report, reported_message
  to redress_agent;

-- What is asked again at the moment of sending, and the number itself.
grant select on refund_decision, application_state, choice, choice_withdrawal, status_change
  to redress_worker;
grant select (application_no, application_id, line_id, applied_at, withdrawn_at)
  on refund_application to redress_worker;
grant select (termination_no, line_id, customer_id, notice_number) on termination
  to redress_worker;
grant select (snapshot_id, line_id, customer_id, network, line_kind, payment, status,
  notice_number) on snapshot_line to redress_worker;
grant select (batch_id, line_id, application_id, application_no, end_to_end_id, released)
  on payout_transfer to redress_operator, redress_worker;
grant select (batch_id, state) on payout_batch to redress_operator, redress_worker;
grant select (end_to_end_id, outcome, retry_class) on bank_status
  to redress_operator, redress_worker;
