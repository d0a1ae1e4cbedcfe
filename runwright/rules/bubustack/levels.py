"""Whose word counts on how a step is executed.

The nearest first: the step, its Story, the Engram that does it. What that one's template recommends
comes after them, and what holds where nobody says anything is up to each rule.

Source: BubuStack, StepRun API ("StepRun > Story > Engram > Template"). Upstream keeps to it for
what a pod is like. Its retries and timeouts pass over the Engram, over `policy.execution` and over
the template's timeout; here one order holds for everything.
"""

from runwright.models.bubustack import (
    Engram,
    ExecutionOverrides,
    ExecutionPolicy,
    Step,
    Story,
    StoryPolicy,
)

Level = ExecutionOverrides | ExecutionPolicy


def levels_of(story: Story, step: Step, engram: Engram | None) -> tuple[Level, ...]:
    """Return what is said of the execution of a step, the nearest first, without its template.

    Of a Story, its fields for all steps (`timeouts.step`, `retries.stepRetryPolicy`, `storage`)
    come before its `execution`; of an Engram, its overrides before its policy.
    """
    policy = story.spec.policy or StoryPolicy()
    given: list[Level | None] = [step.execution, _of_all_steps(policy), policy.execution]
    if engram is not None:
        given += [engram.spec.overrides, engram.spec.execution_policy]
    return tuple(one for one in given if one is not None)


def _of_all_steps(policy: StoryPolicy) -> ExecutionPolicy:
    """Return in the words of the other levels what a Story says in fields of its own."""
    return ExecutionPolicy(
        timeout=policy.timeouts.step if policy.timeouts else None,
        retry=policy.retries.step_retry_policy if policy.retries else None,
        storage=policy.storage,
    )
