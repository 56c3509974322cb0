-- What the registers held that were written since, as JSON by place; null: nobody has looked.
ALTER TABLE setpoints ADD COLUMN held TEXT;

-- Each write of the last day to memory of a device that wears out.
CREATE TABLE wear (
    device_id TEXT NOT NULL,
    place TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE INDEX wear_of_device ON wear (device_id);

-- When a charge point was last told to start, which must not be said again while it works on it.
ALTER TABLE ocpp_steering ADD COLUMN started_at TEXT;
