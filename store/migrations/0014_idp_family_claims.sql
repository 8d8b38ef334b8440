-- Digest of the claims that were asked for one by one, which stand with the consent; NULL for none.
ALTER TABLE family ADD COLUMN claims BYTEA;
