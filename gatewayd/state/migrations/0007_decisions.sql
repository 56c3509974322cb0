-- Why assets were told what they were told. seq is the order of deciding, which a jump of the clock
-- cannot change. What is about an asset goes with it, and what has a user_id with its user.
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY,
    asset_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    action_id TEXT,
    at TEXT NOT NULL,
    owner TEXT NOT NULL,
    command TEXT,
    grounds TEXT NOT NULL
);

CREATE INDEX decisions_asset ON decisions (asset_id, at);
CREATE INDEX decisions_at ON decisions (at);
