-- A webhook is its client's: it ends with the client, speaks the version the client is pinned to,
-- and no other client sees it. Those from before belong to the oldest client.
CREATE TABLE owned_webhooks (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
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
    UNIQUE (client_id, url),
    CHECK ((header_name IS NULL) = (header_value IS NULL)),
    CHECK ((attempts = 0) = (retry_at IS NULL))
) WITHOUT ROWID;

INSERT INTO owned_webhooks
SELECT w.id, c.id, url, secret, events, w.api_version, header_name, header_value, w.created_at,
    last_success_at, is_active, delivered, batch, attempts, retry_at
FROM webhooks w JOIN (SELECT id FROM clients ORDER BY created_at, id LIMIT 1) c;

DROP TABLE webhooks;
ALTER TABLE owned_webhooks RENAME TO webhooks;
