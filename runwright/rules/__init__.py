"""The semantics of the specifications, as pure functions."""
