-- Clients that are to be told that a person has decided (CIBA ping), until they were or the request has ended.

CREATE TABLE ping_outbox (
    id        BYTEA  NOT NULL PRIMARY KEY, -- the request's family
    client_id TEXT   NOT NULL,
    message   TEXT   NOT NULL,             -- sealed: the request's name and the client's notification token
    due       BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    ends      BIGINT NOT NULL
);
CREATE INDEX ping_outbox_due ON ping_outbox (due);
