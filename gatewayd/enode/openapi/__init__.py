"""The API's own description, for the generators of clients."""
