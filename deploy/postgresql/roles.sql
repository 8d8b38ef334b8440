-- The four roles, once for a cluster, as its superuser; safe to repeat. Then, as the superuser:
--     CREATE DATABASE manyou OWNER manyou_migration;
-- as manyou_migration:  manyou migrate  (store.dsn_file names its connection), then grants.sql in that database.
-- Passwords or certificates: ALTER ROLE … PASSWORD, or pg_hba.conf.
--
-- manyou_migration   owns tables and functions; nothing runs as it but `manyou migrate`
-- manyou_service     the workers: reads and writes rows; changes no table, rewrites no event, deletes no marker
-- manyou_sequencer   numbers the ledger's events, nothing else
-- manyou_audit       reads the ledger, changes nothing
DO $$
DECLARE
    role TEXT;
BEGIN
    FOREACH role IN ARRAY ARRAY['manyou_migration', 'manyou_service', 'manyou_sequencer', 'manyou_audit'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END $$;
