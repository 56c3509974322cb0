"""Getting events to their receivers: in order, at least once, one request at a time each."""
