-- The owner of what nobody has linked; no user can have this id, because ids are not empty.
INSERT INTO users (id, created_at) VALUES ('', '1970-01-01T00:00:00.000000+00:00');

-- Set while a user's authorisation is taken back: no events are told of such a user.
ALTER TABLE users ADD COLUMN deauthorised_at TEXT;

ALTER TABLE assets ADD COLUMN consent TEXT NOT NULL DEFAULT 'GRANTED';

-- NULL follows the newest version.
ALTER TABLE clients ADD COLUMN api_version TEXT;

-- What a user allows clients, per device and kind of asset. Where a configured device has no row,
-- its configuration is the consent; a linked one without a row is nobody's.
CREATE TABLE grants (
    device_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    scopes TEXT NOT NULL,
    consent TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (device_id, kind)
) WITHOUT ROWID;

CREATE INDEX grants_user ON grants (user_id);

-- Devices that came by a link session. options are as typed, passwords included: the file and its
-- backups are their owner's alone.
CREATE TABLE linked_devices (
    id TEXT PRIMARY KEY,
    driver TEXT NOT NULL,
    options TEXT NOT NULL,
    name TEXT,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

-- browser is the digest of the cookie of the one browser that may go on; draft is what was chosen
-- so far.
CREATE TABLE link_sessions (
    token_hash BLOB PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    asset_id TEXT,
    vendor TEXT,
    scopes TEXT NOT NULL,
    language TEXT NOT NULL,
    color_scheme TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    browser BLOB,
    draft TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT
) WITHOUT ROWID;

CREATE INDEX link_sessions_user ON link_sessions (user_id);
CREATE INDEX link_sessions_expiry ON link_sessions (expires_at);
