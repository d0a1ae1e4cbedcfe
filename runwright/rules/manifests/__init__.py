"""Manifests: files of YAML or JSON that describe what to run.

Reading them reports every problem of every document at once.
"""

from runwright.rules.manifests.bundle import Bundle, Key, Source
from runwright.rules.manifests.reading import read_manifests
from runwright.rules.manifests.resolution import missing_references

__all__ = ["Bundle", "Key", "Source", "missing_references", "read_manifests"]
