-- A corrected snapshot supersedes the one of its day that counted so far, and says why. Stored by
-- the seal, and from then on as fixed as the rest of the header.

alter table snapshot
  -- Unique: each is superseded once at most, so those of a day form a chain with one end.
  add column supersedes_snapshot_id integer unique references snapshot,
  add column superseded_reason text check (length(superseded_reason) between 1 and 500),
  add constraint snapshot_reason_with_superseded
    check ((supersedes_snapshot_id is null) = (superseded_reason is null)),
  add constraint snapshot_supersedes_when_sealed
    check (supersedes_snapshot_id is null or sealed_at is not null),
  add constraint snapshot_supersedes_another check (supersedes_snapshot_id <> snapshot_id);
