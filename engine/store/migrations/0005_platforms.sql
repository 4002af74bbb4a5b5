-- The platforms that an image's name stands for in its registry, in the order of the index it was pulled by.
CREATE TABLE image_platforms (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position >= 1),
    platform TEXT NOT NULL,
    digest   TEXT NOT NULL,                    -- of the manifest for it
    PRIMARY KEY (image_id, position)
) STRICT, WITHOUT ROWID;
