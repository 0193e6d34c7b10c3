-- What the assessment and the export of refunds ask of payouts: until now there were none.

drop view approved_transfer;
create view approved_transfer as
  select line_id, application_id, batch_approved_at
  from payout_of_application where batch_approved_at is not null;

-- Of every attempt that came back, not only of the last: else a payout date once told would jump
-- back with the next attempt. The first account version after it is the correction.
drop view corrected_transfer;
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

-- Where the money of an application is; none where nothing is to be paid for it.
drop view refund_payout_state;
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

grant select on approved_transfer, corrected_transfer, refund_payout_state
  to redress_operator, redress_finance_maker, redress_finance_checker, redress_agent,
    redress_auditor;
