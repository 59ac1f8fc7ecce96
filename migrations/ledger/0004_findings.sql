-- What was found not to fit together, one row a finding: which order, what stood where, what is done about it. SUSPECTED is
-- no finding yet: an order under way may look so once. A CLOSED one also says that a person accepts what was seen.
CREATE TABLE ledger.findings (
  -- Begins with its time, so that the newest come last; random behind it.
  id uuid PRIMARY KEY DEFAULT overlay(
    gen_random_uuid()::text PLACING left(ledger.first_id_at(clock_timestamp())::text, 13) FROM 1 FOR 13
  )::uuid,
  kind text NOT NULL,
  order_id uuid NOT NULL,
  -- The payment at the provider that it is about; empty where it is about none.
  provider_id text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'SUSPECTED',
  seen text NOT NULL,
  -- The one right answer, in a word; none where only a person can tell.
  remedy text,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  note text,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  next_look_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CONSTRAINT findings_state_known
    CHECK (state IN ('SUSPECTED', 'OPEN', 'PARKED', 'REPAIRED', 'VANISHED', 'CLOSED')),
  CONSTRAINT findings_kind_known CHECK (kind IN (
    'hold_without_order', 'double_hold', 'capture_without_record', 'record_without_capture', 'wrong_amount',
    'missing_refund', 'payment_without_order', 'leaked_reservation', 'order_at_odds'
  )),
  CONSTRAINT findings_remedy_known CHECK (
    remedy IN ('settle', 'agree', 'capture', 'void', 'refund', 'release', 'commit', 'confirm', 'cancel')
  ),
  CONSTRAINT findings_time_of_the_end CHECK ((ended_at IS NOT NULL) = (state IN ('REPAIRED', 'VANISHED', 'CLOSED')))
);
-- Of one matter there is one live finding.
CREATE UNIQUE INDEX findings_once_alive ON ledger.findings (order_id, kind, provider_id)
  WHERE state IN ('SUSPECTED', 'OPEN', 'PARKED');
CREATE INDEX findings_due ON ledger.findings (next_look_at) WHERE state IN ('SUSPECTED', 'OPEN', 'PARKED');
CREATE INDEX findings_by_state ON ledger.findings (state, id);
CREATE INDEX findings_accepted ON ledger.findings (order_id, kind, provider_id) WHERE state = 'CLOSED';

-- One row: who compares the books now, and how far the comparison has come. One orchestrator at a time does it.
CREATE TABLE ledger.reconciliation (
  only_row boolean PRIMARY KEY DEFAULT true,
  next_look_at timestamptz NOT NULL DEFAULT now(),
  lease_owner text,
  lease_until timestamptz,
  fence integer NOT NULL DEFAULT 0,
  -- What the provider made before then has been compared.
  listed_until timestamptz NOT NULL DEFAULT date_trunc('second', now()),
  -- Orders that ended up to this place in the log of transitions have been compared.
  ended_xact bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
  ended_id bigint NOT NULL DEFAULT 0,
  -- A round goes from now back through the last days; it has come down to here, and goes on from `round_at` on.
  round_until timestamptz,
  round_at timestamptz NOT NULL DEFAULT now(),
  rounds integer NOT NULL DEFAULT 0,
  last_look_at timestamptz,
  last_look_millis integer NOT NULL DEFAULT 0,
  last_compared integer NOT NULL DEFAULT 0,
  compared bigint NOT NULL DEFAULT 0,
  CONSTRAINT reconciliation_has_one_row CHECK (only_row),
  CONSTRAINT reconciliation_lease_has_owner CHECK ((lease_until IS NULL) = (lease_owner IS NULL))
) WITH (fillfactor = 50);
INSERT INTO ledger.reconciliation DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.findings TO surety_ledger;
GRANT SELECT, UPDATE ON ledger.reconciliation TO surety_ledger;
