-- Who may do what with which table: as manyou_migration, in the service's database, after every `manyou migrate`.
-- It takes everything back first, so what stands here is what holds.
BEGIN;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO manyou_service, manyou_sequencer, manyou_audit;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, manyou_service, manyou_sequencer, manyou_audit;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, manyou_service, manyou_sequencer, manyou_audit;

-- The service: rows that live and change …
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO manyou_service;
-- … and what is written once. Events are appended, never rewritten or deleted (their numbers are the sequencer's);
REVOKE UPDATE, DELETE ON event FROM manyou_service;
-- a marker once set stays: partitions go by the functions below, an hour below the watermark, not by DELETE;
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = CAST('spent' AS regclass)
    LOOP
        EXECUTE format('REVOKE ALL ON %I FROM manyou_service', name);
    END LOOP;
END $$;
REVOKE UPDATE, DELETE ON spent FROM manyou_service;
GRANT EXECUTE ON FUNCTION spent_make_day, spent_droppable, spent_drop_days, spent_sweep_beyond TO manyou_service;
REVOKE INSERT, DELETE ON watermark, key_epoch FROM manyou_service;
-- keys, licences and their changes are never deleted; what was applied is the migration role's to say.
REVOKE DELETE ON ring_key, licence_ring, licence, licence_claim FROM manyou_service;
REVOKE UPDATE, DELETE ON licence_change FROM manyou_service;
REVOKE INSERT, UPDATE, DELETE ON migration FROM manyou_service;

GRANT SELECT (id, number), UPDATE (number) ON event TO manyou_sequencer;

GRANT SELECT ON event, licence_change, migration TO manyou_audit;
COMMIT;
