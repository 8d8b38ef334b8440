-- Persons and organisations that the registry knows, how sure we are of them, who holds which office,
-- and what an account proves itself with. Times are unix seconds UTC; an end of 0 means "no end".

CREATE TABLE person (
    holder_key    BYTEA  NOT NULL PRIMARY KEY,
    document_type TEXT   NOT NULL,
    name          BYTEA  NOT NULL,             -- sealed under the holder's data key
    number        BYTEA  NOT NULL,             -- sealed
    mobile        BYTEA,                       -- sealed; the phone on file, NULL where there is none
    state         TEXT   NOT NULL,             -- enabled, disabled, deceased
    recorded_at   BIGINT NOT NULL
);

CREATE TABLE organisation (
    holder_key    BYTEA  NOT NULL PRIMARY KEY,
    name          BYTEA  NOT NULL,             -- sealed
    uscc          BYTEA  NOT NULL,             -- sealed
    status        TEXT   NOT NULL,             -- active, suspended, revoked, deregistered, moved_out, ...
    recorded_at   BIGINT NOT NULL
);

-- An office ends, it is never deleted: who stood for whom at a moment stays answerable.
CREATE TABLE office (
    organisation  BYTEA  NOT NULL,
    person        BYTEA  NOT NULL,
    role          TEXT   NOT NULL,             -- legal_representative, person_in_charge, ...
    begins        BIGINT NOT NULL,
    ends          BIGINT NOT NULL,
    recorded_at   BIGINT NOT NULL,
    PRIMARY KEY (organisation, person, role)
);
CREATE INDEX office_person ON office (person);

-- Real-name level: R0 is the absence of evidence; the level is the highest one that has not ended.
CREATE TABLE evidence (
    holder_key    BYTEA  NOT NULL,
    level         BIGINT NOT NULL,
    channel       TEXT   NOT NULL,             -- registry, phone_on_file, seen_by_clerk, ...
    at            BIGINT NOT NULL,
    ends          BIGINT NOT NULL,
    PRIMARY KEY (holder_key, level, channel)
);

CREATE TABLE password (
    holder_key    BYTEA  NOT NULL PRIMARY KEY,
    hash          TEXT   NOT NULL,             -- argon2id, PHC string
    changed_at    BIGINT NOT NULL
);

CREATE TABLE totp (
    holder_key    BYTEA  NOT NULL PRIMARY KEY,
    secret        BYTEA  NOT NULL,             -- sealed under the holder's data key
    bound_at      BIGINT NOT NULL,
    last_step     BIGINT NOT NULL              -- highest time step ever accepted: each is good once
);

-- Tries at one factor of one account from one place. The owner is a holder_key or, for a number nobody has,
-- a digest of it; the place is 'stranger' or a browser that logged in before. Never deleted while it counts.
CREATE TABLE attempts (
    owner         BYTEA  NOT NULL,
    factor        TEXT   NOT NULL,             -- pwd, otp, sms
    place         BYTEA  NOT NULL,
    in_a_row      BIGINT NOT NULL,
    open_at       BIGINT NOT NULL,             -- no try before this moment
    day           BIGINT NOT NULL,             -- days since 1970, for the budget of a day
    today         BIGINT NOT NULL,
    ends          BIGINT NOT NULL,             -- swept after this; 0 = kept
    PRIMARY KEY (owner, factor, place)
);
CREATE INDEX attempts_ends ON attempts (ends);

-- The one living code that an account has on its phone on file. Decoys stand for numbers that nobody has.
CREATE TABLE phone_code (
    owner         BYTEA  NOT NULL PRIMARY KEY,
    digest        BYTEA  NOT NULL,
    message       TEXT   NOT NULL,             -- sealed, to be sent again while the code lives
    begun         BIGINT NOT NULL,
    ends          BIGINT NOT NULL,             -- 0 once it was used
    sent_at       BIGINT NOT NULL,
    sends         BIGINT NOT NULL,
    round         BIGINT NOT NULL              -- codes in a row without one being used
);
CREATE INDEX phone_code_begun ON phone_code (begun);

-- Messages to phones, until the gateway has taken them.
CREATE TABLE sms_outbox (
    id            BYTEA  NOT NULL PRIMARY KEY,
    message       TEXT   NOT NULL,             -- sealed: mobile and text; a decoy has no mobile
    due           BIGINT NOT NULL,
    tries         BIGINT NOT NULL
);
CREATE INDEX sms_outbox_due ON sms_outbox (due);
