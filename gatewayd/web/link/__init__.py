"""The page of a link session: a person finds a device and allows a client to use it."""
