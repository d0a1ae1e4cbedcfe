"""Kratix's ports over the API server of a cluster."""
