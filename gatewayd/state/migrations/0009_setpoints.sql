-- What of a device is not as it was before it was steered. `commands` are what to tell it, in this
-- order, to have it so again. The row is there before the first byte leaves, and until the device
-- reports that it is as it was.
CREATE TABLE setpoints (
    asset_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    commands TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
