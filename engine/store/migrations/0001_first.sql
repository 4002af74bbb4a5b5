-- What a store remembers. Times are seconds since the epoch, sizes bytes, digests "sha256:<64 hex>".

CREATE TABLE images (
    id              TEXT PRIMARY KEY,          -- digest of the image config
    manifest_digest TEXT NOT NULL,             -- of the manifest it was last pulled by
    platform        TEXT NOT NULL,
    created         REAL,                      -- as the config says; NULL where it does not
    pulled          REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE names (
    reference TEXT PRIMARY KEY,                -- canonical: registry/path:tag or registry/path@digest
    image_id  TEXT NOT NULL REFERENCES images (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX names_by_image ON names (image_id);

-- The colour of a layer, from the moment it is first seen; it outlives the layer, so that a layer
-- that comes back looks as it did.
CREATE TABLE slots (
    diff_id TEXT PRIMARY KEY,
    slot    INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15)
) STRICT, WITHOUT ROWID;

CREATE TABLE layers (
    diff_id  TEXT PRIMARY KEY REFERENCES slots (diff_id),
    unpacked INTEGER NOT NULL CHECK (unpacked >= 0),
    entries  INTEGER NOT NULL CHECK (entries >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE image_layers (
    image_id    TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position >= 1),   -- 1 is the base
    diff_id     TEXT NOT NULL REFERENCES layers (diff_id),
    blob_digest TEXT NOT NULL,
    compressed  INTEGER NOT NULL CHECK (compressed >= 0),
    PRIMARY KEY (image_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_by_layer ON image_layers (diff_id);
CREATE INDEX image_layers_by_blob ON image_layers (blob_digest);

CREATE TABLE containers (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    image_id    TEXT NOT NULL REFERENCES images (id),     -- an image cannot go while a container stands on it
    image       TEXT NOT NULL,                            -- the reference as the person gave it
    created     REAL NOT NULL,
    config      TEXT NOT NULL,                            -- JSON
    auto_remove INTEGER NOT NULL DEFAULT 0 CHECK (auto_remove IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX containers_by_image ON containers (image_id);

-- What a pull under way is about to use: diff IDs and blob digests that must not be deleted.
-- A lease counts for as long as its owner lives (process id and its start time, man 5 proc_pid_stat).
CREATE TABLE leases (
    id      TEXT NOT NULL,
    digest  TEXT NOT NULL,
    pid     INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_digest ON leases (digest);
