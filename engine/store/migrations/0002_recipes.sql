-- What a container of an image starts from, worked out once when the image is committed.
CREATE TABLE recipes (
    image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    lowers   TEXT NOT NULL,                    -- JSON: directories below the root, topmost first, seam included
    run      TEXT NOT NULL                     -- JSON: the image's run config
) STRICT, WITHOUT ROWID;
