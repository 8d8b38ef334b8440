-- The key that a public client's refresh tokens are bound to; NULL where whoever has the token may refresh.
ALTER TABLE family ADD COLUMN sender BYTEA;
