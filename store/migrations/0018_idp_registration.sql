-- Initial access tokens (RFC 7591 section 3): who holds one may register so many clients until its end.
CREATE TABLE registration_token (
    hash  BYTEA PRIMARY KEY,
    terms TEXT NOT NULL,
    uses  BIGINT NOT NULL,
    ends  BIGINT NOT NULL,
    made  BIGINT NOT NULL
);
CREATE INDEX registration_token_ends ON registration_token (ends);
