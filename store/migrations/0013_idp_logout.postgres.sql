-- Who is to hear of a session's end: the clients that a session logged into, and what is to be told to them.

CREATE TABLE session_client (
    session   BYTEA  NOT NULL,
    client_id TEXT   NOT NULL, -- one that registered an address to be told at
    look      BIGINT NOT NULL, -- when to see next whether the session is over: never later than it may be
    PRIMARY KEY (session, client_id)
);
CREATE INDEX session_client_look ON session_client (look);

-- one row a session and client that is still to be told; gone when it was, or was tried often enough
CREATE TABLE logout_outbox (
    session    BYTEA  NOT NULL,
    client_id  TEXT   NOT NULL,
    holder_key BYTEA  NOT NULL, -- whom the client knows: the organisation acted for, else the person
    due        BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    PRIMARY KEY (session, client_id)
);
CREATE INDEX logout_outbox_due ON logout_outbox (due);
