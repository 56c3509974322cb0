"""What each battery does: a mode of its own, a reserve, and who may not drain it."""
