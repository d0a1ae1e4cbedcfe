"""The semantics of the systems, as Temporal workflows."""
