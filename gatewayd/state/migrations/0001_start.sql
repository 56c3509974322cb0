CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE locations (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    timezone TEXT NOT NULL,
    is_home INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

-- The home comes from the configuration: one per user, and it keeps its id when renamed.
CREATE UNIQUE INDEX locations_home ON locations (user_id) WHERE is_home;

CREATE TABLE assets (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL,
    role TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    vendor TEXT NOT NULL,
    brand TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT,
    firmware TEXT,
    spec TEXT NOT NULL,
    name TEXT,
    usage TEXT,
    is_writable INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    installed_at TEXT,
    location_id TEXT REFERENCES locations (id) ON DELETE SET NULL,
    location_updated_at TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (device_id, role)
) WITHOUT ROWID;

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

-- Only the first characters of a token are stored readable, to find its row.
CREATE TABLE tokens (
    token_hash BLOB PRIMARY KEY,
    prefix TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX tokens_prefix ON tokens (prefix);
CREATE INDEX tokens_client ON tokens (client_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

-- An action outlives its asset, so asset_id refers to nothing. seq is the order of asking,
-- which a jump of the clock cannot change.
CREATE TABLE actions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    command TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sent_at TEXT,
    completed_at TEXT,
    failure_reason TEXT,
    failure_detail TEXT NOT NULL,
    CHECK ((state = 'PENDING') = (completed_at IS NULL))
);

-- One active action per asset: a newer one must end the older one first.
CREATE UNIQUE INDEX actions_pending ON actions (asset_id) WHERE state = 'PENDING';
CREATE INDEX actions_asset ON actions (asset_id, seq);

-- AUTOINCREMENT: a sequence number that was acknowledged and deleted never comes back.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE sampled_devices (
    number INTEGER PRIMARY KEY,
    device_id TEXT NOT NULL UNIQUE
);

-- key is minute * 10000 + sampled_devices.number. Led by time, the rows of one minute share pages;
-- led by the device they were measured to write 84 times as many bytes. As a rowid it only ever
-- appends, which SQLite does in place: a two-column key without rowid wrote 1.7 times as much.
CREATE TABLE samples (
    key INTEGER PRIMARY KEY,
    packed BLOB NOT NULL
);
