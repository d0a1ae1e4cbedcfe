"""A step with all that says how it is executed, and whose word counts."""

from typing import Final, NamedTuple

from runwright.models.bubustack import (
    Engram,
    EngramTemplate,
    ExecutionOverrides,
    ExecutionPolicy,
    Step,
    TemplateExecutionPolicy,
)
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.branches import step_run_name
from runwright.rules.bubustack.levels import Level, levels_of
from runwright.rules.naming import compose_ending

RUNNER: Final = "engram-runner"
"""How the names end of what the pods of a run act as."""


class Work(NamedTuple):
    """A step of a run, the Engram that does it, and that one's template."""

    start: StartStoryRun
    step: Step
    engram: Engram
    template: EngramTemplate

    @property
    def name(self) -> str:
        """The name of its StepRun and of its Job."""
        return step_run_name(self.start.name, self.step.name)

    @property
    def levels(self) -> tuple[Level, ...]:
        """What is said of the step's execution, the nearest first."""
        return levels_of(self.start.story, self.step, self.engram)

    @property
    def overrides(self) -> tuple[ExecutionOverrides, ...]:
        """What the step says, then what its Engram does."""
        return tuple(one for one in self.levels if isinstance(one, ExecutionOverrides))

    @property
    def policies(self) -> tuple[ExecutionPolicy, ...]:
        """What is said of whatever only policies have: by the Story, then by the Engram."""
        return tuple(one for one in self.levels if isinstance(one, ExecutionPolicy))

    @property
    def advice(self) -> TemplateExecutionPolicy:
        """What the template says of its execution: the last that is asked."""
        return self.template.spec.execution or TemplateExecutionPolicy()


def runner_of(start: StartStoryRun) -> str:
    """Return the name of a run's ServiceAccount, of its Role and of its RoleBinding.

    Source: BubuStack, names.
    """
    return compose_ending(RUNNER, start.name)
