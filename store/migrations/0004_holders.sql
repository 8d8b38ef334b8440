-- Whom records are about. The data key is wrapped by the field ring; erasing a holder deletes it.
CREATE TABLE holder (
    holder_key BYTEA PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'organisation')),
    wrapped_key BYTEA,
    wrapped_by BIGINT,
    created_at BIGINT NOT NULL,
    merged_into BYTEA,
    erased_at BIGINT
);
CREATE INDEX holder_wrapped_by ON holder (wrapped_by);
CREATE INDEX holder_merged_into ON holder (merged_into) WHERE merged_into IS NOT NULL;

-- A document's number as an alias, a row for each living version of the index key. The number itself stands
-- only sealed under the holder's data key, from which a rotated index is computed again.
CREATE TABLE holder_alias (
    alias_id BYTEA NOT NULL,
    index_version BIGINT NOT NULL,
    blind_index BYTEA NOT NULL,
    document_type TEXT NOT NULL,
    holder_key BYTEA NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    evidence TEXT NOT NULL,
    sealed_number BYTEA NOT NULL,
    PRIMARY KEY (alias_id, index_version)
);
-- a number leads to one holder at a time, to another only after its alias has ended
CREATE UNIQUE INDEX holder_alias_living ON holder_alias (blind_index, index_version) WHERE valid_to IS NULL;
CREATE INDEX holder_alias_ever ON holder_alias (blind_index, index_version);
CREATE INDEX holder_alias_holder ON holder_alias (holder_key);
