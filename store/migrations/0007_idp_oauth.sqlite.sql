-- The same as for PostgreSQL, each table one tree: fewer pages a commit.
-- Clients, consents, families of refresh tokens, and what was revoked before its end.

CREATE TABLE client (
    client_id TEXT PRIMARY KEY,
    enabled   BIGINT NOT NULL,
    record    TEXT NOT NULL,
    changed   BIGINT NOT NULL
) WITHOUT ROWID;

-- acting_for is empty where the person acts for nobody else
CREATE TABLE consent (
    holder_key   BYTEA NOT NULL,
    acting_for   BYTEA NOT NULL,
    client_id    TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    standing     BIGINT NOT NULL,
    first_party  BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    agreed_at    BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    PRIMARY KEY (holder_key, acting_for, client_id)
) WITHOUT ROWID;

CREATE TABLE consent_detail (
    holder_key BYTEA NOT NULL,
    acting_for BYTEA NOT NULL,
    client_id  TEXT NOT NULL,
    digest     BYTEA NOT NULL,
    body       TEXT NOT NULL,
    agreed_at  BIGINT NOT NULL,
    PRIMARY KEY (holder_key, acting_for, client_id, digest)
) WITHOUT ROWID;

CREATE TABLE family (
    holder_key BYTEA NOT NULL,
    acting_for BYTEA NOT NULL,
    client_id  TEXT NOT NULL,
    id         BYTEA NOT NULL,
    session    BYTEA NOT NULL,
    offline    BIGINT NOT NULL,
    scopes     TEXT NOT NULL,
    resources  TEXT NOT NULL,
    details    TEXT NOT NULL,
    login      BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    moved_at   BIGINT NOT NULL,
    idle_ends  BIGINT NOT NULL,
    ends       BIGINT NOT NULL,
    live       BIGINT NOT NULL,
    PRIMARY KEY (holder_key, acting_for, client_id, id)
) WITHOUT ROWID;
CREATE INDEX family_ends ON family (ends);

-- an access token, or a family that has no row of its own
CREATE TABLE revoked_token (
    id   BYTEA PRIMARY KEY,
    ends BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX revoked_token_ends ON revoked_token (ends);
