-- Networks, which container is on which with what address, and which ports of the host lead to which.
-- Addresses are texts as inet_ntop(3) writes them; an empty text stands for none.
CREATE TABLE networks (
    id       TEXT PRIMARY KEY,                 -- 64 hex digits
    name     TEXT NOT NULL UNIQUE,
    created  REAL NOT NULL,
    bridge   TEXT NOT NULL UNIQUE,             -- the interface on the host
    subnet   TEXT NOT NULL,
    gateway  TEXT NOT NULL,
    subnet6  TEXT NOT NULL,
    gateway6 TEXT NOT NULL,
    internal INTEGER NOT NULL CHECK (internal IN (0, 1)),
    labels   TEXT NOT NULL                     -- JSON
) STRICT, WITHOUT ROWID;

-- A row is a lease: its addresses are this container's until it is removed or leaves the network.
CREATE TABLE endpoints (
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    network_id   TEXT NOT NULL REFERENCES networks (id),
    position     INTEGER NOT NULL,             -- of the interface in the container; 0 is eth0
    address      TEXT NOT NULL,
    address6     TEXT,                         -- NULL on a network without IPv6
    mac          TEXT NOT NULL,
    aliases      TEXT NOT NULL,                -- JSON: names beside the container's own
    PRIMARY KEY (container_id, network_id),
    UNIQUE (container_id, position),
    UNIQUE (network_id, address),
    UNIQUE (network_id, address6)
) STRICT, WITHOUT ROWID;

-- Ports of the host that lead to a container. One whose container neither runs nor starts is free.
CREATE TABLE ports (
    protocol     TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp')),
    address      TEXT NOT NULL,                -- of the host; empty for all
    port         INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    target       INTEGER NOT NULL CHECK (target BETWEEN 1 AND 65535),
    PRIMARY KEY (protocol, address, port)
) STRICT, WITHOUT ROWID;
CREATE INDEX ports_by_container ON ports (container_id);
