-- Licences: the catalogue, issue in two steps, life cycle, status lists, use. Times are unix seconds UTC;
-- an end of 0 means "no end". What names a person is sealed under a holder's data key.

-- Agencies, licence types, competences, matters, use grants and coverage: read whole into memory, so each is
-- one JSON definition. A number once given in the trust list never means another agency or type.
CREATE TABLE catalogue_entry (
    kind          TEXT   NOT NULL,             -- agency, type, competence, matter, grant, coverage
    code          TEXT   NOT NULL,
    number        BIGINT,                      -- agencies and types only: what codes and the trust list carry
    definition    TEXT   NOT NULL,
    recorded_at   BIGINT NOT NULL,
    PRIMARY KEY (kind, code),
    UNIQUE (kind, number)
);

-- The last serial given, per authority, type and year.
CREATE TABLE licence_serial (
    agency        TEXT   NOT NULL,
    type          TEXT   NOT NULL,
    year          BIGINT NOT NULL,
    last          BIGINT NOT NULL,
    PRIMARY KEY (agency, type, year)
);

-- One row per serial: who claimed it by which request. Its licence exists, or the gap is explained.
CREATE TABLE licence_claim (
    agency        TEXT   NOT NULL,
    request       BYTEA  NOT NULL,             -- keyed digest of the Idempotency-Key
    body          BYTEA  NOT NULL,             -- keyed digest of the request
    licence_id    BYTEA  NOT NULL UNIQUE,
    type          TEXT   NOT NULL,
    year          BIGINT NOT NULL,
    serial        BIGINT NOT NULL,
    status_list   BIGINT NOT NULL,
    status_index  BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    gap           TEXT   NOT NULL,             -- '' or why no licence bears this serial
    PRIMARY KEY (agency, request),
    UNIQUE (agency, type, year, serial),
    UNIQUE (status_list, status_index)         -- random, never reused
);

CREATE TABLE licence (
    id            BYTEA  NOT NULL PRIMARY KEY, -- 12 random bytes: what codes carry
    identifier    TEXT   NOT NULL UNIQUE,      -- GB/T 36904
    type          TEXT   NOT NULL,
    agency        TEXT   NOT NULL,
    region        TEXT   NOT NULL,
    trust         TEXT   NOT NULL,             -- A born digital, B database, C checked scan, D other
    state         TEXT   NOT NULL,             -- intended (recorded, not yet signed), valid, suspended, ...
    revision      BIGINT NOT NULL,             -- every change guards on it
    status_list   BIGINT NOT NULL,
    status_index  BIGINT NOT NULL,
    valid_from    BIGINT NOT NULL,
    valid_ends    BIGINT NOT NULL,             -- first second after the validity
    content_hash  BYTEA  NOT NULL,             -- SHA-256 of what is signed
    key_id        TEXT   NOT NULL,             -- ring key that signs it
    effective_at  BIGINT NOT NULL,             -- law: may lie in the past
    recorded_at   BIGINT NOT NULL,             -- ours: never back
    signed_at     BIGINT NOT NULL,
    replaces      TEXT   NOT NULL,             -- identifier of the predecessor, or ''
    UNIQUE (status_list, status_index)
);
CREATE INDEX licence_status ON licence (status_list, state);
CREATE INDEX licence_state ON licence (state, recorded_at);

-- Each holder has a copy sealed under the own data key: erasing one leaves the others their certificate.
CREATE TABLE licence_holder (
    licence_id    BYTEA  NOT NULL,
    position      BIGINT NOT NULL,
    holder_key    BYTEA  NOT NULL,
    kind          TEXT   NOT NULL,             -- person, organisation
    role          TEXT   NOT NULL,
    share         TEXT   NOT NULL,
    label         BYTEA  NOT NULL,             -- sealed JSON: name, document type and number as printed
    content       BYTEA  NOT NULL,             -- sealed: what is to be signed, then the JWS
    PRIMARY KEY (licence_id, position)
);
CREATE INDEX licence_holder_file ON licence_holder (holder_key);

-- "Valid at T, as known at T'": what took effect when, and when we came to know it.
CREATE TABLE licence_change (
    licence_id    BYTEA  NOT NULL,
    revision      BIGINT NOT NULL,
    operation     TEXT   NOT NULL,
    from_state    TEXT   NOT NULL,
    to_state      TEXT   NOT NULL,
    effective_at  BIGINT NOT NULL,
    recorded_at   BIGINT NOT NULL,
    agency        TEXT   NOT NULL,
    grounds       BYTEA,                       -- sealed JSON: reason, document
    PRIMARY KEY (licence_id, revision)
);

CREATE TABLE status_list (
    number        BIGINT NOT NULL PRIMARY KEY,
    size          BIGINT NOT NULL,             -- entries
    version       BIGINT NOT NULL,             -- rises with every change of an entry
    published_at  BIGINT NOT NULL              -- iat of the newest token: only rises
);

-- One row: the version of the trust list and the digest of what it says.
CREATE TABLE trust_list (
    id            BIGINT NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    digest        BYTEA  NOT NULL,
    made_at       BIGINT NOT NULL
);

-- Uses per grant and day, against its daily cap.
CREATE TABLE licence_use_count (
    use_grant     TEXT   NOT NULL,
    day           BIGINT NOT NULL,             -- days since 1970 in the province's time
    used          BIGINT NOT NULL,
    PRIMARY KEY (use_grant, day)
);

-- What a source (the police) answered: never ours, never signed by us.
CREATE TABLE source_answer (
    source        TEXT   NOT NULL,
    type          TEXT   NOT NULL,
    holder_key    BYTEA  NOT NULL,
    answer        BYTEA  NOT NULL,             -- sealed JSON
    PRIMARY KEY (source, type, holder_key)
);
