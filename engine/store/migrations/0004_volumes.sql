-- Volumes, and the containers that have them. A volume cannot go while a container has it.
CREATE TABLE volumes (
    name      TEXT PRIMARY KEY,
    created   REAL NOT NULL,                   -- seconds since the epoch
    labels    TEXT NOT NULL,                   -- JSON
    anonymous INTEGER NOT NULL CHECK (anonymous IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_uses (
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    volume       TEXT NOT NULL REFERENCES volumes (name),
    PRIMARY KEY (container_id, volume)
) STRICT, WITHOUT ROWID;
CREATE INDEX volume_uses_by_volume ON volume_uses (volume);
