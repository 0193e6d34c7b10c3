-- What people choose and apply for, the codes of the passes, and what a plan settles of both.

alter table import drop constraint import_kind_check;
alter table import add constraint import_kind_check
  check (kind in ('snapshot', 'status', 'consents', 'choices', 'vouchers'));

-- A choice or application as it first came in (contracts §2.3). A withdrawal that a later row tells
-- stands beside it, so that what an earlier plan knew can be told apart.
create table choice (
  choice_id text primary key check (length(choice_id) between 1 and 64),
  line_id bigint not null,
  benefit text not null check (benefit in ('ott_pass', 'insurance')),
  option text check (length(option) between 1 and 64),
  channel text not null check (channel in ('web', 'app', 'call_center', 'store')),
  chosen_at timestamptz not null,
  guardian_consent boolean,
  withdrawn_at timestamptz,
  import_id bigint not null,
  check ((benefit = 'ott_pass') = (option is not null))
);
create index choice_of_line on choice (line_id);

create table choice_withdrawal (
  choice_id text primary key,
  withdrawn_at timestamptz not null,
  import_id bigint not null
);

-- A code can be read with the data key alone; its keyed digest tells equal ones.
create table voucher_code (
  code_id bigint generated always as identity primary key,
  option text not null,
  code_digest bytea not null check (octet_length(code_digest) = 32),
  code_sealed bytea not null,
  expires_on date not null,
  import_id bigint not null,
  unique (option, code_digest)
);

-- Which code a line gets when the plan runs: by chosen_at, then line_id. `reissued` are codes that
-- the line was given before and keeps.
create table plan_voucher (
  plan_id bigint not null,
  customer_id bigint not null,
  line_id bigint not null,
  code_id bigint not null,
  reissued boolean not null default false,
  primary key (plan_id, customer_id, line_id)
);

-- A code that a run gave out, written with the posting that grants the pass. The key makes a second
-- giving out an error.
create table voucher_issue (
  code_id bigint primary key,
  line_id bigint not null,
  run_id bigint not null
);

-- What the snapshot does not say of the lines and customers of a chunk, settled once a plan: later
-- statuses and consents, choices, grants held from other months (see src/runs/fact-pack.ts). Kept,
-- so that the decisions can be made again from what was known then. plan_line_fact, which held the
-- statuses and consents of earlier plans, is written no more.
create table plan_facts (
  plan_id bigint not null,
  chunk_no integer not null,
  pack bytea not null,
  primary key (plan_id, chunk_no)
);
alter table plan_facts alter column pack set storage external;

-- One run at a time works on a programme: passes and codes are given once over all periods, so a
-- plan has to know what every run before it gave.
drop index run_open_once;
create unique index run_open_once on run (programme) where state in ('open', 'held');

create trigger append_only before update or delete or truncate on choice
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on choice_withdrawal
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on voucher_code
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on plan_voucher
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on voucher_issue
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on plan_facts
  for each statement execute function refuse_change();
