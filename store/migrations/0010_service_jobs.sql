-- What runs in the background: a name, who holds it until when, and when it last ran. Work itself waits in the
-- rows of the room that owns it.
CREATE TABLE job (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    lease_ends BIGINT NOT NULL,
    last_run BIGINT NOT NULL
);
