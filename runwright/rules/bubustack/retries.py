"""How long a step may take, and when it is tried again once it failed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from runwright.models.base import Message
from runwright.models.bubustack import (
    BackoffStrategy,
    EngramTemplate,
    ExitClass,
    RetryPolicy,
    Step,
    Story,
    TemplateExecutionPolicy,
)
from runwright.models.story_run import MOST_RETRIES, StartStoryRun, StepDefaults
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.bubustack.branches import block_of
from runwright.rules.bubustack.levels import Level, levels_of
from runwright.rules.bubustack.snapshot import engram_of, template_of

_SHORTEST: Final = timedelta(milliseconds=10)
_LONGEST: Final = timedelta(days=365)
"""No delay is longer: what doubles ten times must not overflow."""
_RETRYABLE: Final = frozenset({ExitClass.RETRY, ExitClass.RATE_LIMITED, ExitClass.UNKNOWN})


class Retries(Message):
    """A retry policy with nothing left open."""

    max_retries: int = 3
    delay: timedelta = timedelta(seconds=1)
    max_delay: timedelta | None = None
    jitter: int = 0
    """Percent that a delay may be longer."""
    backoff: BackoffStrategy = BackoffStrategy.EXPONENTIAL


def retries_of(start: StartStoryRun, step: Step) -> Retries:
    """Return the retry policy of a step: the nearest that there is, as a whole.

    A template fills what the policy leaves open, but its number of retries counts only where there
    is no policy at all. A step with side effects and no policy of its own is not retried, whatever
    others say.

    Source: BubuStack, StepRun retry policy and Story defaulter; there the policies of Engrams and
    `policy.execution` are passed over.
    """
    usual = {"max_retries": _defaults(start).max_retries}
    policy, recommended = _policy(start, step), _recommended(start, step)
    if policy is None:
        return Retries.model_validate(usual | recommended)
    recommended.pop("max_retries", None)
    return Retries.model_validate(usual | recommended | _set_fields(policy))


def _defaults(start: StartStoryRun) -> StepDefaults:
    return start.defaults or StepDefaults()


def _policy(start: StartStoryRun, step: Step) -> RetryPolicy | None:
    own = step.execution.retry if step.execution else None
    if own is None and step.side_effects and _is_main(start.story, step):
        return RetryPolicy(max_retries=0)
    given = (level.retry for level in _levels(start, step))
    return next((policy for policy in given if policy is not None), None)


def _is_main(story: Story, step: Step) -> bool:
    """Return whether a step is a main one, or a branch of one."""
    return (block_of(step.name) or step.name) in {one.name for one in story.spec.steps}


def _recommended(start: StartStoryRun, step: Step) -> dict[str, object]:
    advice = _advice(start, step).retry
    if advice is None:
        return {}
    most = advice.recommended_max_retries
    fields = {
        "delay": advice.recommended_base_delay,
        "max_delay": advice.recommended_max_delay,
        "backoff": advice.recommended_backoff,
        # A template may recommend more than a policy takes.
        "max_retries": None if most is None else max(0, min(most, MOST_RETRIES)),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _set_fields(policy: RetryPolicy) -> dict[str, object]:
    return {
        name: value for name in Retries.model_fields if (value := getattr(policy, name)) is not None
    }


def timeout_of(start: StartStoryRun, step: Step) -> timedelta:
    """Return how long one try of a step may take: what the nearest says; 0 is not said.

    Source: BubuStack, StepRun timeout; there the timeouts of Engram, template and
    `policy.execution` are passed over.
    """
    given = [level.timeout for level in _levels(start, step)]
    given.append(_advice(start, step).timeout)
    said = (timeout for timeout in given if timeout is not None and timeout > timedelta(0))
    return next(said, _defaults(start).timeout)


def _levels(start: StartStoryRun, step: Step) -> tuple[Level, ...]:
    return levels_of(start.story, step, engram_of(start, step))


def _advice(start: StartStoryRun, step: Step) -> TemplateExecutionPolicy:
    """Return what the template of a step's Engram says of its execution."""
    engram = engram_of(start, step)
    template: EngramTemplate | None = template_of(start, engram) if engram else None
    advice = template.spec.execution if template else None
    return advice or TemplateExecutionPolicy()


def retry_delay(
    retries: Retries, number: int, uniform: Callable[[float, float], float]
) -> timedelta:
    """Return the wait before retry `number`, counted from 1.

    `uniform(low, high)` draws the jitter.

    Source: BubuStack, computeRetryDelay.
    """
    delay = _capped(retries, _backed_off(retries, number))
    if retries.jitter:
        delay = _capped(retries, delay * (1 + uniform(0, retries.jitter / 100)))
    return max(delay, _SHORTEST)


def _backed_off(retries: Retries, number: int) -> timedelta:
    factor = {
        BackoffStrategy.CONSTANT: 1,
        BackoffStrategy.LINEAR: number,
        BackoffStrategy.EXPONENTIAL: 2 ** (number - 1),
    }[retries.backoff]
    return retries.delay * factor if retries.delay < _LONGEST / factor else _LONGEST


def _capped(retries: Retries, delay: timedelta) -> timedelta:
    return min(delay, retries.max_delay) if retries.max_delay else delay


def may_retry(retries: Retries, exit_class: ExitClass, made: int) -> bool:
    """Return whether another retry follows after `made` retries and a failure of that class."""
    return exit_class in _RETRYABLE and made < retries.max_retries


def classify_exit(code: int | None) -> ExitClass:
    """Return what an exit code says about trying again; None: there was none to be found.

    Source: BubuStack, exit code table.
    """
    match code:
        case None | -1:
            return ExitClass.UNKNOWN
        case 0:
            return ExitClass.SUCCESS
        case 124:
            return ExitClass.RETRY
        case _ if 128 <= code <= 255:
            return ExitClass.RETRY
        case 429:
            return ExitClass.RATE_LIMITED
        case _:
            return ExitClass.TERMINAL


def classify(outcome: TaskOutcome) -> ExitClass:
    """Return what an outcome says about trying again.

    What a task itself says of its failure counts before its exit code. Output that nobody can read,
    a command that is not there and an object that is not ours will not be better the next time.

    Source: BubuStack, exit code table and StructuredError.
    """
    if outcome.exit_class and not outcome.succeeded:
        return _class_of_failure(outcome.exit_class)
    match outcome.reason:
        case OutcomeReason.COMPLETED:
            return ExitClass.SUCCESS
        case OutcomeReason.TIMED_OUT:
            return ExitClass.RETRY
        case OutcomeReason.EXITED | OutcomeReason.LOST:
            return classify_exit(outcome.exit_code)
        case _:
            return ExitClass.TERMINAL


def _class_of_failure(word: str) -> ExitClass:
    """Return the class of that name; unknown for any other word, and for a failure's success.

    Upstream's SDK spells them without capitals, which loses `rateLimited` there.
    """
    classes = {one.value.lower(): one for one in ExitClass if one is not ExitClass.SUCCESS}
    return classes.get(word.lower(), ExitClass.UNKNOWN)
