-- Entries that ended long ago move out of the way of the living, a partition a month. A partition can be moved to cheaper
-- storage, or detached when nobody has to answer for its orders any more; with it go the idempotency keys in it.
CREATE TABLE ledger.archive (
  LIKE ledger.entries INCLUDING DEFAULTS,
  archived_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id),
  CONSTRAINT archive_has_ended CHECK (ended_at IS NOT NULL)
) PARTITION BY RANGE (id);
CREATE INDEX archive_by_key ON ledger.archive (caller, idempotency_key);
CREATE INDEX archive_by_user ON ledger.archive (user_id, id DESC);

-- All orders there ever were, wherever they are kept; one that is on its way is in both places and shown once.
CREATE VIEW ledger.all_entries AS
  SELECT id, shard, caller, idempotency_key, request_hash, user_id, email, items, shipping_address, total_cents, currency,
    trace_context, created_at, response_status, response_body, reason, last_error, parked_at, parked_reason, operator_note,
    warehouse_id, undoing, authorized_at, order_created_at, inventory_reserved_at, payment_captured_at, compensating_at,
    ended_at, status, updated_at, attempts, lease_expiries, fence, lease_until, lease_owner
  FROM ledger.entries
  UNION ALL
  SELECT id, shard, caller, idempotency_key, request_hash, user_id, email, items, shipping_address, total_cents, currency,
    trace_context, created_at, response_status, response_body, reason, last_error, parked_at, parked_reason, operator_note,
    warehouse_id, undoing, authorized_at, order_created_at, inventory_reserved_at, payment_captured_at, compensating_at,
    ended_at, status, updated_at, attempts, lease_expiries, fence, lease_until, lease_owner
  FROM ledger.archive a WHERE NOT EXISTS (SELECT FROM ledger.entries e WHERE e.id = a.id);

-- Moves up to so many entries that ended before `older_than`: first a copy, and only `overlap` later, in a transaction of
-- its own, the original goes. So whoever looks for a key before he inserts it, in one statement and so with one snapshot,
-- finds it in one of the two places, as long as no statement takes longer than the overlap. One mover at a time.
CREATE FUNCTION ledger.archive_ended(
  older_than timestamptz, at_most integer, overlap interval, OUT copied integer, OUT removed integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  month timestamptz;
BEGIN
  copied := 0;
  removed := 0;
  IF NOT pg_try_advisory_xact_lock(hashtext('ledger.archive_ended')) THEN
    RETURN;
  END IF;

  WITH old AS (
    SELECT a.id FROM ledger.archive a JOIN ledger.entries e ON e.id = a.id
    WHERE a.archived_at < now() - overlap ORDER BY a.id LIMIT at_most
  )
  DELETE FROM ledger.entries e USING old WHERE e.id = old.id;
  GET DIAGNOSTICS removed = ROW_COUNT;

  -- Ids carry the clock of whoever made them: the months beside an entry's own are there too.
  FOR month IN
    SELECT DISTINCT date_trunc('month', next.created_at + shift, 'UTC')
    FROM (
      SELECT created_at FROM ledger.entries
      WHERE id < ledger.first_id_at(older_than) AND ended_at < older_than ORDER BY id LIMIT at_most
    ) AS next, unnest(ARRAY['-1 day', '0', '1 day']::interval[]) AS shift
  LOOP
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS ledger.%I PARTITION OF ledger.archive FOR VALUES FROM (%L) TO (%L)',
      'archive_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'),
      ledger.first_id_at(month),
      ledger.first_id_at((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC')
    );
  END LOOP;
  INSERT INTO ledger.archive
  SELECT e.*, now() FROM ledger.entries e
  WHERE e.id < ledger.first_id_at(older_than) AND e.ended_at < older_than
    AND NOT EXISTS (SELECT FROM ledger.archive a WHERE a.id = e.id)
  ORDER BY e.id LIMIT at_most;
  GET DIAGNOSTICS copied = ROW_COUNT;
END $$;
REVOKE ALL ON FUNCTION ledger.archive_ended FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.archive_ended TO surety_ledger;
GRANT SELECT ON ledger.archive, ledger.all_entries TO surety_ledger;
