"""A step with all that says how it is executed, and whose word counts."""

from typing import NamedTuple

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
from runwright.rules.naming import compose_ending


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
    def overrides(self) -> tuple[ExecutionOverrides, ...]:
        """What the step says, then what its Engram does."""
        given = (self.step.execution, self.engram.spec.overrides)
        return tuple(one for one in given if one is not None)

    @property
    def policies(self) -> tuple[ExecutionPolicy, ...]:
        """What holds where the overrides are silent: of the Engram, then of the Story."""
        general = self.start.story.spec.policy
        given = (self.engram.spec.execution_policy, general.execution if general else None)
        return tuple(one for one in given if one is not None)

    @property
    def levels(self) -> tuple[ExecutionOverrides | ExecutionPolicy, ...]:
        """Overrides and policies, the nearest first."""
        return (*self.overrides, *self.policies)

    @property
    def advice(self) -> TemplateExecutionPolicy:
        """What the template says of its execution: the last that is asked."""
        return self.template.spec.execution or TemplateExecutionPolicy()


def runner_of(start: StartStoryRun) -> str:
    """Return the name of a run's ServiceAccount, of its Role and of its RoleBinding.

    Source: BubuStack, names.
    """
    return compose_ending("engram-runner", start.name)
