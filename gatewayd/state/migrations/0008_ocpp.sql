-- Transaction ids are ours to give (OCPP 1.6): a charge point may speak of one for weeks.
CREATE TABLE ocpp_transactions (
    id INTEGER PRIMARY KEY,
    charge_point TEXT NOT NULL,
    connector INTEGER NOT NULL,
    id_tag TEXT,
    meter_wh REAL,
    began_at TEXT,
    is_open INTEGER NOT NULL DEFAULT 1
);

CREATE INDEX ocpp_transactions_open ON ocpp_transactions (charge_point, is_open);

-- Who has called, and whether it may do more than wait for approval.
CREATE TABLE ocpp_charge_points (
    id TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    vendor TEXT,
    model TEXT,
    serial TEXT,
    firmware TEXT,
    address TEXT NOT NULL,
    is_admitted INTEGER NOT NULL,
    seen_at TEXT NOT NULL
) WITHOUT ROWID;

-- What a connector was last told, which a charge point cannot always be asked.
CREATE TABLE ocpp_steering (
    charge_point TEXT NOT NULL,
    connector INTEGER NOT NULL,
    limit_a REAL,
    is_stopped INTEGER NOT NULL,
    has_safe INTEGER NOT NULL,
    phases INTEGER,
    PRIMARY KEY (charge_point, connector)
) WITHOUT ROWID;
