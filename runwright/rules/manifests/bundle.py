"""What manifests come from and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from runwright.errors import Problem
from runwright.models.bubustack import Engram, EngramTemplate, Story, StoryRun

DEFAULT_NAMESPACE: Final = "default"

Key = tuple[str, str]
"""Namespace and name."""
Identity = tuple[str, str, str]
"""Kind, namespace and name."""


class Source(NamedTuple):
    """The text of one file."""

    name: str
    """As problems are to name it."""
    text: str
    folder: str | None = None
    """Where a command may find what lies beside the manifest; None where there is no such place."""


@dataclass(frozen=True)
class Bundle:
    """The objects of some manifests, each valid in itself."""

    stories: Mapping[Key, Story] = field(default_factory=dict[Key, Story])
    engrams: Mapping[Key, Engram] = field(default_factory=dict[Key, Engram])
    engram_templates: Mapping[str, EngramTemplate] = field(
        default_factory=dict[str, EngramTemplate]
    )
    """By name: templates have no namespace."""
    story_runs: Mapping[Key, StoryRun] = field(default_factory=dict[Key, StoryRun])
    warnings: tuple[Problem, ...] = ()
    """What is odd, and does not keep anything from running."""
    files: Mapping[Identity, str] = field(default_factory=dict[Identity, str])
    """Where each object was read."""
