"""Temporal as Runwright uses it: connection, converter, completions, a server of one's own."""
