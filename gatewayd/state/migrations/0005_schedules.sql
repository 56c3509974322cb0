-- What has a user_id is erased with its user. status is what was last told of a schedule. A location may be removed while schedules name it:
-- they then apply nowhere.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT
) WITHOUT ROWID;

-- Where smart charging of a vehicle stands: policy is what the user wants, status what is so.
CREATE TABLE smart_charging (
    vehicle_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    policy TEXT NOT NULL,
    status TEXT NOT NULL
) WITHOUT ROWID;

-- seq is the order of making, which a jump of the clock cannot change.
CREATE TABLE smart_charging_plans (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    vehicle_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX smart_charging_plans_vehicle ON smart_charging_plans (vehicle_id, seq);

-- The newest override of each vehicle, ended or not.
CREATE TABLE smart_overrides (
    vehicle_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

-- body holds the override too.
CREATE TABLE flex_policies (
    id TEXT PRIMARY KEY,
    vehicle_id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

-- One for the home.
CREATE TABLE flex_intent (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    body TEXT NOT NULL
);
