-- secret and header_value are stored as they are, because they must sign and be sent again; what
-- protects them is that the file and its backups are their owner's alone.
-- Where delivery stands: everything through `delivered` has arrived or is not wanted. `batch` is the
-- last event of the payload under way, fixed before its first attempt so that every attempt, also
-- one after a crash, sends the same. `attempts` counts its failures.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    api_version TEXT,
    header_name TEXT,
    header_value TEXT,
    created_at TEXT NOT NULL,
    last_success_at TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1,
    delivered INTEGER NOT NULL,
    batch INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT,
    CHECK ((header_name IS NULL) = (header_value IS NULL)),
    CHECK ((attempts = 0) = (retry_at IS NULL))
) WITHOUT ROWID;

-- Assets as the events so far have described them, so that after a restart the next event tells
-- exactly what changed since.
CREATE TABLE told_assets (
    asset_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
