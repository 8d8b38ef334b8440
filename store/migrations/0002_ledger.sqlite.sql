-- What happened, once each. Works commit one after another here, so an event has its number at once and no
-- number is left out; the table grows at one end.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    tag TEXT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    holder_key BYTEA,
    actor TEXT NOT NULL,
    client TEXT NOT NULL,
    subject BYTEA NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX event_holder ON event (holder_key, id);
