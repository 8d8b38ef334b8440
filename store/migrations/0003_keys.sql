-- Keys by ring. Private parts only sealed under the master key, which lies outside the store.
-- Rows are never deleted: public keys stay in the trust list for ever, and a kid is never given twice.
CREATE TABLE ring_key (
    kid TEXT PRIMARY KEY,
    ring TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
    created_at BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    retiring_at BIGINT,
    retires_at BIGINT,
    public TEXT NOT NULL,
    sealed BYTEA,
    UNIQUE (ring, number)
);
CREATE UNIQUE INDEX ring_key_active ON ring_key (ring, algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX ring_key_pending ON ring_key (ring, algorithm) WHERE state = 'pending';

-- One ring an authority; types is a JSON array of the licence types it may sign.
CREATE TABLE licence_ring (
    ring TEXT PRIMARY KEY,
    agency_uscc TEXT NOT NULL,
    types TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Restoring an old backup begins a new epoch: sealed values of the older ones are refused.
CREATE TABLE key_epoch (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO key_epoch (one, epoch) VALUES (1, 1);
