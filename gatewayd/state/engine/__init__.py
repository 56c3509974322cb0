"""The database file and its one writer: what `state.db` is made of."""
