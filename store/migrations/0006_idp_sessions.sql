-- Logins that live, one row each. The browser's cookie holds a secret whose SHA-256 stands here, so that a stolen
-- table opens no session; a rise of privilege changes the secret and keeps the id, which never leaves the service.

CREATE TABLE session (
    id            BYTEA  NOT NULL PRIMARY KEY, -- 16 random bytes
    secret        BYTEA  NOT NULL,             -- SHA-256 of the cookie's secret
    holder_key    BYTEA  NOT NULL,             -- the person who logged in
    acting_for    BYTEA,                       -- the organisation, NULL where the person acts alone
    office        TEXT,
    factors       TEXT   NOT NULL,             -- JSON: amr method -> unix time
    device        TEXT   NOT NULL,             -- what the person sees in the list of sessions
    started       BIGINT NOT NULL,
    touched       BIGINT NOT NULL,
    idle_ends     BIGINT NOT NULL,
    ends          BIGINT NOT NULL,
    ended         BIGINT NOT NULL,             -- 0 while it lives
    why           TEXT   NOT NULL              -- why it ended
);
CREATE UNIQUE INDEX session_secret ON session (secret);
CREATE INDEX session_holder ON session (holder_key);
CREATE INDEX session_acting_for ON session (acting_for);
CREATE INDEX session_ends ON session (ends);
