"""The semantics of Kratix."""
