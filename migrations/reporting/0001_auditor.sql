-- A role that reads the books of all services and can change nothing: whether they agree is no service's own business.
DO $$ BEGIN
  CREATE ROLE surety_auditor NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT surety_auditor TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'surety_auditor', 'MEMBER') THEN RAISE; END IF;
END $$;

GRANT USAGE ON SCHEMA inventory, ledger, orders, payment TO surety_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA inventory, ledger, orders, payment TO surety_auditor;
-- Later migrations need not think of it.
ALTER DEFAULT PRIVILEGES IN SCHEMA inventory, ledger, orders, payment GRANT SELECT ON TABLES TO surety_auditor;
