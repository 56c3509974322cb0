"""Register maps: from the file through the schema to compiled decoding."""
