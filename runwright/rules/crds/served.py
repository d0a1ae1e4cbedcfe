"""How the API server is to serve each kind: its names, what is shown of it and selected by.

Source: BubuStack, CRDs.
"""

from collections.abc import Mapping
from typing import Final

from runwright.models.bubustack import Engram, EngramTemplate, StepRun, Story, StoryRun
from runwright.rules.crds import kratix
from runwright.rules.crds.kinds import Column, Kind, Served

_AGE: Final = Column("Age", ".metadata.creationTimestamp", "date")
_PHASE: Final = Column("Phase", ".status.phase")
_VALIDITY: Final = Column("Status", ".status.validationStatus")
_USAGE: Final = Column("Usage", ".status.usageCount", "integer")
_TRIGGERS: Final = Column("Triggers", ".status.triggers", "integer")

SERVED: Final[Mapping[Kind, Served]] = {
    Kind.STORY: Served(
        model=Story,
        plural="stories",
        short="story",
        categories=("bubu", "ai", "workflows"),
        columns=(
            Column("Steps", ".status.stepsTotal", "integer"),
            *(_VALIDITY, _USAGE, _TRIGGERS, _AGE),
        ),
    ),
    Kind.ENGRAM: Served(
        model=Engram,
        plural="engrams",
        short="engram",
        categories=("bubu", "ai"),
        columns=(
            Column("Template", ".spec.templateRef.name"),
            Column("Mode", ".spec.mode"),
            *(_VALIDITY, _USAGE, _TRIGGERS, _AGE),
        ),
    ),
    Kind.ENGRAM_TEMPLATE: Served(
        model=EngramTemplate,
        plural="engramtemplates",
        short="etpl",
        categories=("bubu", "ai", "catalog"),
        columns=(
            Column("Description", ".spec.description"),
            Column("Version", ".spec.version"),
            *(_USAGE, _VALIDITY, _AGE),
        ),
        scope="Cluster",
    ),
    Kind.STORY_RUN: Served(
        model=StoryRun,
        plural="storyruns",
        short="srun",
        categories=("bubu", "ai", "runs"),
        columns=(
            Column("Story", ".spec.storyRef.name"),
            _PHASE,
            Column("Duration", ".status.duration"),
            _AGE,
            Column("Message", ".status.message", priority=1),
        ),
        selectable=(".spec.storyRef.name", ".status.phase"),
    ),
    Kind.STEP_RUN: Served(
        model=StepRun,
        plural="stepruns",
        short="step",
        categories=("bubu", "ai", "runs"),
        columns=(
            Column("StoryRun", ".spec.storyRunRef.name"),
            Column("Step", ".spec.stepId"),
            _PHASE,
            Column("Retries", ".status.retries", "integer"),
            _AGE,
        ),
        selectable=(".spec.storyRunRef.name", ".spec.stepId", ".status.phase"),
    ),
    **kratix.SERVED,
}
"""In the order in which they are shown."""
