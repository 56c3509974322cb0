"""Whatever arrives at the API: generated from its two descriptions, sent to a real home."""
