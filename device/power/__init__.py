"""Power: shutting a box down, starting it again, and back to its first day."""
