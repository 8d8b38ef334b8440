-- What a registry may say beside name and phone; sealed under the holder's data key, NULL where it says nothing.
ALTER TABLE person ADD COLUMN email BYTEA;
ALTER TABLE person ADD COLUMN address BYTEA;
