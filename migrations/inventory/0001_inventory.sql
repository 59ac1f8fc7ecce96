-- The role every connection of this schema takes on at start-up. Roles belong to the whole cluster, so it may be there.
DO $$ BEGIN
  CREATE ROLE surety_inventory NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT surety_inventory TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'surety_inventory', 'MEMBER') THEN RAISE; END IF;
END $$;

CREATE SCHEMA inventory;
GRANT USAGE ON SCHEMA inventory TO surety_inventory;

CREATE EXTENSION IF NOT EXISTS postgis;

-- The catalogue: the only source of prices.
CREATE TABLE inventory.products (
  id uuid PRIMARY KEY,
  sku text NOT NULL,
  name text NOT NULL,
  price_cents bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT products_once_a_sku UNIQUE (sku),
  CONSTRAINT products_price_limit CHECK (price_cents BETWEEN 0 AND 99999999)
);

-- Where stock stands. One is the default: it serves orders whose place is not known. A place is spelt in one way only,
-- since the index refuses to order by distance when the same place stands at -180 and at 180 degrees.
CREATE TABLE inventory.warehouses (
  id uuid PRIMARY KEY,
  code text NOT NULL,
  name text NOT NULL,
  location geography(Point, 4326) NOT NULL,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT warehouses_once_a_code UNIQUE (code),
  CONSTRAINT warehouses_place_has_one_spelling CHECK (
    ST_X(location::geometry) > -180 AND (abs(ST_Y(location::geometry)) < 90 OR ST_X(location::geometry) = 0)
  )
);
CREATE INDEX warehouses_by_location ON inventory.warehouses USING gist (location);
CREATE UNIQUE INDEX warehouses_one_default ON inventory.warehouses (is_default) WHERE is_default;

-- How many units of a product stand in a warehouse, and how many of those are set aside. The sums of its movements.
CREATE TABLE inventory.stock (
  product_id uuid NOT NULL REFERENCES inventory.products,
  warehouse_id uuid NOT NULL REFERENCES inventory.warehouses,
  on_hand integer NOT NULL DEFAULT 0,
  reserved integer NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, warehouse_id),
  CONSTRAINT stock_never_oversold CHECK (reserved BETWEEN 0 AND on_hand)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);

-- Every change of stock, once: the key is what caused it (an order or an adjustment), what kind it is, and its line.
CREATE TABLE inventory.movements (
  cause_id uuid NOT NULL,
  kind text NOT NULL,
  line smallint NOT NULL,
  product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  on_hand_delta integer NOT NULL,
  reserved_delta integer NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cause_id, kind, line),
  CONSTRAINT movements_kind_known CHECK (kind IN ('adjust', 'hold', 'release', 'commit')),
  CONSTRAINT movements_deltas_fit_kind CHECK (
    CASE kind
      WHEN 'adjust' THEN on_hand_delta <> 0 AND reserved_delta = 0
      WHEN 'hold' THEN on_hand_delta = 0 AND reserved_delta > 0
      WHEN 'release' THEN on_hand_delta = 0 AND reserved_delta < 0
      ELSE on_hand_delta = reserved_delta AND on_hand_delta < 0
    END
  )
);

-- Stock brought in or taken out by hand, once a key; the level it left is the answer that a repetition gets.
CREATE TABLE inventory.adjustments (
  id uuid PRIMARY KEY,
  idempotency_key text NOT NULL,
  product_id uuid NOT NULL REFERENCES inventory.products,
  warehouse_id uuid NOT NULL REFERENCES inventory.warehouses,
  request_hash bytea NOT NULL,
  quantity integer NOT NULL,
  reason text NOT NULL,
  on_hand_after integer,
  reserved_after integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT adjustments_once_a_key UNIQUE (product_id, idempotency_key),
  CONSTRAINT adjustments_key_limit CHECK (length(idempotency_key) BETWEEN 1 AND 255)
);

-- What became of an order here; REFUSED and RELEASED rows are the lasting answer to a repetition. A release of an order
-- never heard of leaves a RELEASED row that refuses a late reservation. What is held stands in its 'hold' movements and
-- nowhere else: written once, the same for the counters and for the order. `decision` is in short hand, see
-- routing-decision.ts. Every row is updated once, a set of neighbours at a time, so pages are left half empty: then each
-- update is heap-only. Measured: at 80 two of three were not, and a commit logged 787 bytes an order instead of 600.
CREATE TABLE inventory.reservations (
  order_id uuid PRIMARY KEY,
  decision jsonb NOT NULL DEFAULT '{}',
  warehouse_id uuid,
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- From here on it moves. What changes together stands together, so that an update logs few bytes.
  expires_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  status text NOT NULL,
  CONSTRAINT reservations_status_known CHECK (status IN ('HELD', 'COMMITTED', 'RELEASED', 'REFUSED')),
  CONSTRAINT reservations_reason_known CHECK (reason IN ('insufficient_stock', 'no_single_warehouse')),
  CONSTRAINT reservations_refused_has_reason CHECK ((status = 'REFUSED') = (reason IS NOT NULL)),
  CONSTRAINT reservations_only_holds_expire CHECK (expires_at IS NULL OR status = 'HELD')
) WITH (fillfactor = 50);
-- Only holds that can expire stand here; the status is left out of it, so that a commit stays heap-only.
CREATE INDEX reservations_expiring ON inventory.reservations (expires_at) WHERE expires_at IS NOT NULL;

-- HELD may become COMMITTED or RELEASED; nothing follows those, nor REFUSED except a release, which changes nothing else.
CREATE FUNCTION inventory.refuse_illegal_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'reservation % cannot go from % to %', OLD.order_id, OLD.status, NEW.status
    USING ERRCODE = 'check_violation', CONSTRAINT = 'reservations_status_is_final';
END $$;
CREATE TRIGGER reservations_status_is_final BEFORE UPDATE OF status ON inventory.reservations FOR EACH ROW
  WHEN (OLD.status <> 'HELD' AND NEW.status <> OLD.status) EXECUTE FUNCTION inventory.refuse_illegal_status();

GRANT SELECT, INSERT ON inventory.products, inventory.movements TO surety_inventory;
GRANT SELECT, INSERT, UPDATE ON inventory.warehouses, inventory.stock, inventory.adjustments, inventory.reservations
  TO surety_inventory;
