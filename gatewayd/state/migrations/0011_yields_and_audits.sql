-- Until when a device is left to somebody else who steers it too; null: it is not.
ALTER TABLE setpoints ADD COLUMN yielded_until TEXT;

-- What came of the audit of an asset's wiring. `fingerprint` stands for all that was audited: with
-- another one the audit begins anew. `findings` are those that hold it back, [] for passed.
CREATE TABLE audits (
    asset_id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    findings TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
