-- What users have chosen of an asset beside its mode, as JSON: numbers by name, and plans by name,
-- of which null takes away one of the config's.
ALTER TABLE modes ADD COLUMN numbers TEXT;
ALTER TABLE modes ADD COLUMN plans TEXT;
