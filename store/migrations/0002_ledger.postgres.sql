-- What happened, once each. A work appends with number NULL; the sequencer numbers what is committed.
CREATE TABLE event (
    id BYTEA PRIMARY KEY,
    number BIGINT,
    tag TEXT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    holder_key BYTEA,
    actor TEXT NOT NULL,
    client TEXT NOT NULL,
    subject BYTEA NOT NULL,
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX event_number ON event (number) WHERE number IS NOT NULL;
CREATE INDEX event_waiting ON event (id) WHERE number IS NULL;
CREATE INDEX event_holder ON event (holder_key, id);
