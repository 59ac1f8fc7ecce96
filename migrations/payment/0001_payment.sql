-- The role every connection of this schema takes on at start-up. Roles belong to the whole cluster, so it may be there.
DO $$ BEGIN
  CREATE ROLE surety_payment NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT surety_payment TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'surety_payment', 'MEMBER') THEN RAISE; END IF;
END $$;

CREATE SCHEMA payment;
GRANT USAGE ON SCHEMA payment TO surety_payment;

-- One row a payment, written before the provider hears of it. `reference` is the order's ledger id: one payment an order,
-- for ever. A void of a reference never heard of leaves a VOIDED row that refuses a late authorization.
CREATE TABLE payment.payments (
  authorization_id uuid PRIMARY KEY,
  reference uuid NOT NULL,
  amount_cents bigint NOT NULL,
  currency text NOT NULL,
  -- Kept only while the provider's answer is unknown: asking again with the same key needs the same request.
  token text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  status text NOT NULL DEFAULT 'AUTHORIZING',
  captured_cents bigint NOT NULL DEFAULT 0,
  refunded_cents bigint NOT NULL DEFAULT 0,
  provider_id text,
  refusal_code text,
  CONSTRAINT payments_once_a_reference UNIQUE (reference),
  CONSTRAINT payments_status_known CHECK (
    status IN ('AUTHORIZING', 'AUTHORIZED', 'DECLINED', 'CAPTURED', 'CAPTURE_REFUSED', 'VOIDED', 'REFUNDED')
  ),
  CONSTRAINT payments_amount_limit CHECK (amount_cents BETWEEN 0 AND 99999999),
  CONSTRAINT payments_captured_within_authorized CHECK (captured_cents BETWEEN 0 AND amount_cents),
  CONSTRAINT payments_refunded_within_captured CHECK (refunded_cents BETWEEN 0 AND captured_cents),
  CONSTRAINT payments_captured_has_amount CHECK ((status IN ('CAPTURED', 'REFUNDED')) = (captured_cents > 0)),
  CONSTRAINT payments_refunded_means_all CHECK (status <> 'REFUNDED' OR refunded_cents = captured_cents),
  CONSTRAINT payments_authorized_has_provider_id
    CHECK (status IN ('AUTHORIZING', 'DECLINED', 'VOIDED') OR provider_id IS NOT NULL),
  CONSTRAINT payments_token_only_while_unknown CHECK ((token IS NOT NULL) = (status = 'AUTHORIZING'))
) WITH (fillfactor = 60);

-- Which status may follow which; nothing follows DECLINED, VOIDED and REFUNDED.
CREATE FUNCTION payment.refuse_illegal_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status, NEW.status) NOT IN (
    ('AUTHORIZING', 'AUTHORIZED'), ('AUTHORIZING', 'DECLINED'), ('AUTHORIZING', 'VOIDED'),
    ('AUTHORIZED', 'CAPTURED'), ('AUTHORIZED', 'CAPTURE_REFUSED'), ('AUTHORIZED', 'VOIDED'),
    ('CAPTURE_REFUSED', 'VOIDED'), ('CAPTURE_REFUSED', 'CAPTURED'), ('CAPTURED', 'REFUNDED')
  ) THEN
    RAISE EXCEPTION 'payment % cannot go from % to %', OLD.authorization_id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_status_is_legal';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_status_is_legal BEFORE UPDATE OF status ON payment.payments FOR EACH ROW
  WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION payment.refuse_illegal_status();

-- One row a refund asked for, by its key, written before the provider hears of it; several may add up to what was captured.
CREATE TABLE payment.refunds (
  authorization_id uuid NOT NULL REFERENCES payment.payments,
  key text NOT NULL,
  amount_cents bigint NOT NULL,
  status text NOT NULL DEFAULT 'REQUESTED',
  provider_refund_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (authorization_id, key),
  CONSTRAINT refunds_status_known CHECK (status IN ('REQUESTED', 'DONE', 'REFUSED')),
  CONSTRAINT refunds_amount_is_positive CHECK (amount_cents > 0),
  CONSTRAINT refunds_key_limit CHECK (length(key) BETWEEN 1 AND 300)
);

GRANT SELECT, INSERT, UPDATE ON payment.payments, payment.refunds TO surety_payment;
