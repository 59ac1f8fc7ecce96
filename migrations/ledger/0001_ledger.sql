-- The role every connection of this schema takes on at start-up. Roles belong to the whole cluster, so it may be there.
DO $$ BEGIN
  CREATE ROLE surety_ledger NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT surety_ledger TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'surety_ledger', 'MEMBER') THEN RAISE; END IF;
END $$;

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO surety_ledger;

-- One row an order, for ever the answer to "what became of it": what was asked, how it stands, who drives it now.
CREATE TABLE ledger.entries (
  id uuid PRIMARY KEY,
  shard smallint NOT NULL,
  caller text NOT NULL,
  idempotency_key text NOT NULL,
  request_hash bytea NOT NULL,
  user_id text NOT NULL,
  email text NOT NULL,
  items jsonb NOT NULL,
  shipping_address jsonb,
  total_cents bigint NOT NULL,
  currency text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- From here on it moves. What changes together stands together, so that an update logs few bytes.
  lease_owner text,
  fence integer NOT NULL DEFAULT 0,
  lease_expiries integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  status text NOT NULL DEFAULT 'AWAITING_AUTHORIZATION',
  undoing text,
  warehouse_id uuid,
  authorization_id uuid,
  reason text,
  last_error text,
  parked_at timestamptz,
  parked_reason text,
  operator_note text,
  response_status smallint,
  response_body text,
  CONSTRAINT entries_once_a_key UNIQUE (caller, idempotency_key),
  CONSTRAINT entries_shard_limit CHECK (shard BETWEEN 0 AND 1023),
  CONSTRAINT entries_total_limit CHECK (total_cents BETWEEN 0 AND 99999999),
  CONSTRAINT entries_key_limit CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  CONSTRAINT entries_request_hash_is_sha256 CHECK (length(request_hash) = 32),
  CONSTRAINT entries_authorized_has_authorization
    CHECK (status IN ('AWAITING_AUTHORIZATION', 'AUTHORIZATION_FAILED') OR authorization_id IS NOT NULL),
  CONSTRAINT entries_undoing_while_compensating CHECK ((status = 'COMPENSATING') = (undoing IS NOT NULL)),
  CONSTRAINT entries_failure_has_reason
    CHECK (status NOT IN ('FAILED', 'AUTHORIZATION_FAILED', 'COMPENSATING') OR reason IS NOT NULL),
  CONSTRAINT entries_parked_has_reason CHECK ((parked_at IS NULL) = (parked_reason IS NULL)),
  CONSTRAINT entries_parked_is_live
    CHECK (parked_at IS NULL OR status NOT IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED')),
  CONSTRAINT entries_lease_has_owner CHECK ((lease_until IS NULL) = (lease_owner IS NULL)),
  CONSTRAINT entries_response_is_whole CHECK ((response_status IS NULL) = (response_body IS NULL))
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);

-- No index has a column that ever changes, so every update is heap-only (HOT).
CREATE INDEX entries_by_user ON ledger.entries (user_id, id DESC);

-- A ticket for every order that has not ended, and when it is due next: what a claim reads, small whatever the ledger has
-- grown to. Ids sort by time, so the oldest come first.
CREATE TABLE ledger.due (
  order_id uuid PRIMARY KEY,
  next_run_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);

-- Every status an order ever reached, in the same transaction as the status itself. It is also the outbox: consumers read
-- it in commit order by xact, so that no second row says the same thing again.
CREATE TABLE ledger.transitions (
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  from_status text,
  to_status text NOT NULL,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xact bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
  PRIMARY KEY (order_id, revision),
  CONSTRAINT transitions_are_legal CHECK ((coalesce(from_status, ''), to_status) IN (
    ('', 'AWAITING_AUTHORIZATION'),
    ('AWAITING_AUTHORIZATION', 'AUTHORIZED'),
    ('AWAITING_AUTHORIZATION', 'AUTHORIZATION_FAILED'),
    ('AUTHORIZED', 'ORDER_CREATED'),
    ('AUTHORIZED', 'COMPENSATING'),
    ('ORDER_CREATED', 'INVENTORY_RESERVED'),
    ('ORDER_CREATED', 'COMPENSATING'),
    ('INVENTORY_RESERVED', 'PAYMENT_CAPTURED'),
    ('INVENTORY_RESERVED', 'COMPENSATING'),
    ('PAYMENT_CAPTURED', 'COMPLETED'),
    ('PAYMENT_CAPTURED', 'COMPENSATING'),
    ('COMPENSATING', 'FAILED')
  ))
);
CREATE INDEX transitions_by_xact ON ledger.transitions USING brin (xact) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX transitions_by_end ON ledger.transitions (to_status, order_id)
  WHERE to_status IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED');

-- No code can change a status without its transition, write one that is not legal, or lose an order's ticket before its
-- end. AFTER, since a BEFORE trigger locks every row once more: 54 bytes of WAL an update.
CREATE FUNCTION ledger.log_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO ledger.transitions (order_id, revision, to_status) VALUES (NEW.id, 1, NEW.status);
    INSERT INTO ledger.due (order_id) VALUES (NEW.id);
  ELSE
    INSERT INTO ledger.transitions (order_id, revision, from_status, to_status, reason)
    SELECT NEW.id, max(revision) + 1, OLD.status, NEW.status, NEW.reason
    FROM ledger.transitions WHERE order_id = NEW.id;
    IF NEW.status IN ('COMPLETED', 'FAILED', 'AUTHORIZATION_FAILED') THEN
      DELETE FROM ledger.due WHERE order_id = NEW.id;
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entries_log_first_status AFTER INSERT ON ledger.entries
  FOR EACH ROW EXECUTE FUNCTION ledger.log_transition();
CREATE TRIGGER entries_log_transition AFTER UPDATE OF status ON ledger.entries
  FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION ledger.log_transition();

-- One row: whether orchestrators claim work. Operators pause all instances at once, and a restart does not forget it.
CREATE TABLE ledger.claiming (
  only_row boolean PRIMARY KEY DEFAULT true,
  paused boolean NOT NULL DEFAULT false,
  note text,
  CONSTRAINT claiming_has_one_row CHECK (only_row)
);
INSERT INTO ledger.claiming DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON ledger.entries TO surety_ledger;
GRANT SELECT, INSERT ON ledger.transitions TO surety_ledger;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.due TO surety_ledger;
GRANT SELECT, UPDATE ON ledger.claiming TO surety_ledger;
