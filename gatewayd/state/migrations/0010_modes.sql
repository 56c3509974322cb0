-- The mode a user has chosen for an asset, instead of the config's (null: none), and from when on
-- its actions count: what was asked for before another mode or another plug is over.
CREATE TABLE modes (
    asset_id TEXT PRIMARY KEY,
    mode TEXT,
    since TEXT
) WITHOUT ROWID;
