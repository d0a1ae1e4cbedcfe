"""Runwright on a real cluster, measured beside bare Jobs."""
