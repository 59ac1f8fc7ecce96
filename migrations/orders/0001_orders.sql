-- The role every connection of this schema takes on at start-up. Roles belong to the whole cluster, so it may be there.
DO $$ BEGIN
  CREATE ROLE surety_orders NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT surety_orders TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'surety_orders', 'MEMBER') THEN RAISE; END IF;
END $$;

CREATE SCHEMA orders;
GRANT USAGE ON SCHEMA orders TO surety_orders;

-- The order record, by its ledger id. A cancellation that comes before the creation leaves a row of its own, a tombstone
-- with nothing but the id, so that a late creation is refused.
CREATE TABLE orders.orders (
  order_ledger_id uuid PRIMARY KEY,
  user_id text,
  email text,
  items jsonb,
  total_cents bigint,
  currency text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  status text NOT NULL,
  cancel_reason text,
  CONSTRAINT orders_status_known CHECK (status IN ('PENDING', 'CONFIRMED', 'CANCELLED')),
  CONSTRAINT orders_total_limit CHECK (total_cents BETWEEN 0 AND 99999999),
  CONSTRAINT orders_cancelled_has_reason CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL)),
  CONSTRAINT orders_only_tombstones_are_empty CHECK (
    num_nulls(user_id, email, items, total_cents, currency) = 0
    OR (status = 'CANCELLED' AND num_nonnulls(user_id, email, items, total_cents, currency) = 0)
  )
-- Half of each page is left for the one update every order gets, which so stays heap-only.
) WITH (fillfactor = 50);

-- PENDING may become CONFIRMED or CANCELLED; nothing follows those.
CREATE FUNCTION orders.refuse_illegal_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'order % cannot go from % to %', OLD.order_ledger_id, OLD.status, NEW.status
    USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_status_is_final';
END $$;
CREATE TRIGGER orders_status_is_final BEFORE UPDATE OF status ON orders.orders FOR EACH ROW
  WHEN (OLD.status <> 'PENDING' AND NEW.status <> OLD.status) EXECUTE FUNCTION orders.refuse_illegal_status();

GRANT SELECT, INSERT, UPDATE ON orders.orders TO surety_orders;
