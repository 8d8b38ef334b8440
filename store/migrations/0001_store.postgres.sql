-- Markers of spent values, partitioned by day of their end: maintenance creates days ahead and drops whole
-- ones. What ends beyond the days made so far waits in spent_beyond and moves when its day is made.
CREATE TABLE spent (
    owner BYTEA NOT NULL,
    kind TEXT NOT NULL,
    value BYTEA NOT NULL,
    ends BIGINT NOT NULL,
    by BYTEA NOT NULL,
    at BIGINT NOT NULL,
    ref BYTEA NOT NULL,
    PRIMARY KEY (owner, kind, value, ends)
) PARTITION BY RANGE (ends);
CREATE TABLE spent_beyond PARTITION OF spent DEFAULT;
CREATE INDEX spent_beyond_ends ON spent_beyond (ends);

-- Every value that ends at or below it is refused.
CREATE TABLE watermark (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    ends BIGINT NOT NULL
);
INSERT INTO watermark (one, ends) VALUES (1, 0);

-- What other workers must hear. A row's position is its transaction's number, so that one that commits late
-- is found: readers go no further than the oldest transaction still running.
CREATE TABLE news (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX news_position ON news (position);
-- The highest position that was pruned.
CREATE TABLE news_pruned (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    position BIGINT NOT NULL
);
INSERT INTO news_pruned (one, position) VALUES (1, 0);

-- Requests in flight, limits, caches: nothing here decides.
CREATE TABLE expiring (
    key TEXT PRIMARY KEY,
    value BYTEA,
    count BIGINT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE INDEX expiring_ends ON expiring (ends);
