-- What upkeep does to partitions, as functions of their owner: the service's role makes days and drops what lies
-- an hour below the watermark, and can neither alter a table nor delete a marker otherwise.

CREATE FUNCTION spent_make_day(day BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    begins CONSTANT BIGINT := day * 86400;
    ends CONSTANT BIGINT := begins + 86400;
    name CONSTANT TEXT := 'spent_' || to_char(to_timestamp(begins) AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN 0;
    END IF;
    -- Spenders wait these few milliseconds: a marker must not arrive in spent_beyond between move and attach.
    LOCK TABLE spent IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE spent INCLUDING ALL)', name);
    EXECUTE format('WITH moved AS (DELETE FROM spent_beyond WHERE ends >= %s AND ends < %s RETURNING *)'
        ' INSERT INTO %I SELECT * FROM moved', begins, ends, name);
    EXECUTE format('ALTER TABLE spent ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, begins, ends);
    RETURN 1;
END $$;

-- The end at or below which a marker may go, never higher than an hour below the watermark.
CREATE FUNCTION spent_droppable(below BIGINT) RETURNS BIGINT
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT LEAST(below, (SELECT ends FROM watermark) - 3600)
$$;

CREATE FUNCTION spent_drop_days(below BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name TEXT;
    dropped BIGINT := 0;
BEGIN
    FOR name IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = CAST('spent' AS regclass) AND relname <> 'spent_beyond' ORDER BY relname
    LOOP
        IF EXTRACT(EPOCH FROM to_date(substr(name, 7), 'YYYYMMDD')) + 86400 <= spent_droppable(below) THEN
            EXECUTE format('DROP TABLE %I', name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

CREATE FUNCTION spent_sweep_beyond(below BIGINT, step BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    deleted BIGINT;
BEGIN
    DELETE FROM spent_beyond WHERE (ends, owner, kind, value) IN
        (SELECT ends, owner, kind, value FROM spent_beyond WHERE ends <= spent_droppable(below)
        ORDER BY ends LIMIT step);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;
