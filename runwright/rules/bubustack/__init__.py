"""The semantics of BubuStack."""
