-- Markers of spent values. Ordered by their end: new ones come in at one side and are swept at the other.
CREATE TABLE spent (
    owner BYTEA NOT NULL,
    kind TEXT NOT NULL,
    value BYTEA NOT NULL,
    ends BIGINT NOT NULL,
    by BYTEA NOT NULL,
    at BIGINT NOT NULL,
    ref BYTEA NOT NULL,
    PRIMARY KEY (ends, owner, kind, value)
) WITHOUT ROWID;

-- Every value that ends at or below it is refused.
CREATE TABLE watermark (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    ends BIGINT NOT NULL
);
INSERT INTO watermark (one, ends) VALUES (1, 0);

-- What other workers must hear. Positions are never given twice, pruned or not.
CREATE TABLE news (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    at BIGINT NOT NULL
);
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
) WITHOUT ROWID;
CREATE INDEX expiring_ends ON expiring (ends);
