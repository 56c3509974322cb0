-- Tariffs and their places keep what they were, so that last month is paid at last month's price.
CREATE TABLE tariffs (
    id TEXT NOT NULL,
    since TEXT NOT NULL,
    rates TEXT NOT NULL,
    PRIMARY KEY (id, since)
) WITHOUT ROWID;

CREATE TABLE location_tariffs (
    location_id TEXT NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    since TEXT NOT NULL,
    tariff_id TEXT NOT NULL,
    intervals TEXT NOT NULL,
    PRIMARY KEY (location_id, since)
) WITHOUT ROWID;

-- mark: how far an asset's energy is counted, and what the count goes on from.
CREATE TABLE measured_assets (
    number INTEGER PRIMARY KEY,
    asset_id TEXT NOT NULL UNIQUE,
    mark TEXT
);

CREATE TABLE measured_places (
    number INTEGER PRIMARY KEY,
    location_id TEXT NOT NULL UNIQUE
);

-- What an asset consumed or produced within a quarter of an hour. key is its first minute * 10000
-- + measured_assets.number: it only appends, as in samples. place 0 is none.
CREATE TABLE energy (
    key INTEGER PRIMARY KEY,
    minutes INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    uwh INTEGER NOT NULL,
    min_w REAL NOT NULL,
    max_w REAL NOT NULL,
    mean_w REAL NOT NULL,
    place INTEGER NOT NULL
);
