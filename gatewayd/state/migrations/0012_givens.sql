-- What decisions were made from, so that they can be made again: `packed` is what changes with each,
-- `standing` the number of what seldom does, which many of them share. What `sample` has in common
-- with the others is not written again: they can only be read with it.
CREATE TABLE givens (
    seq INTEGER PRIMARY KEY REFERENCES decisions ON DELETE CASCADE,
    standing INTEGER NOT NULL,
    packed BLOB NOT NULL
);

CREATE TABLE standing (
    number INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    packed BLOB NOT NULL,
    sample BLOB NOT NULL
);
