"""The arguments of primitives: what stands in the `with` of a step that has a `type`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from runwright.errors import Problem
from runwright.models.bubustack import Phase, Step, StepType, StoryPattern
from runwright.models.durations import format_duration, parse_duration
from runwright.models.gates import Approval
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.branches import STEPS, entries_of, said_in
from runwright.rules.gates import never_enough
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates import is_template
from runwright.rules.translation import problems_in
from runwright.rules.wording import child, listed, quoted, suggestion, written

SHORTEST_POLL: Final = timedelta(milliseconds=10)
KNOWN_ARGUMENTS: Final[Mapping[StepType, frozenset[str]]] = {
    StepType.CONDITION: frozenset(),
    StepType.SLEEP: frozenset({"duration"}),
    StepType.WAIT: frozenset({"until", "timeout", "pollInterval", "onTimeout"}),
    StepType.GATE: frozenset({"timeout", "pollInterval", "onTimeout", "approval"}),
    StepType.STOP: frozenset({"phase", "message"}),
    StepType.PARALLEL: frozenset({"steps", "concurrency"}),
    StepType.EXECUTE_STORY: frozenset({"storyRef", "waitForCompletion", "with"}),
}

Arguments = Mapping[str, Any]


def argument_problems(outline: Outline) -> Iterator[Problem]:
    """Yield what is wrong with the arguments of the primitives.

    An argument that is a template is judged when it has come to something.

    Source: bobrapet, Story webhook; `approval` is ours.
    """
    for placed in outline.steps:
        rule = _RULES.get(placed.step.type) if placed.step.type else None
        if rule is not None:
            yield from rule(outline, placed, placed.step.with_ or {})


def unknown_arguments(outline: Outline) -> Iterator[Problem]:
    """Yield the arguments of primitives that nobody reads, but for those of gates."""
    for placed in outline.steps:
        if placed.step.type is not StepType.GATE:
            yield from _unknown(placed)


def unknown_gate_arguments(outline: Outline) -> Iterator[Problem]:
    """Yield the arguments of gates that nobody reads.

    Where `approval` is misspelt, everybody may decide: who wrote it must not find out by that.

    Source: ours; upstream passes them over.
    """
    for placed in outline.steps:
        if placed.step.type is StepType.GATE:
            yield from _unknown(placed)


def _unknown(placed: Placed) -> Iterator[Problem]:
    if placed.step.type is None:
        return
    known = KNOWN_ARGUMENTS[placed.step.type]
    for name in placed.step.with_ or {}:
        if name not in known:
            message = f"a {placed.step.type} step has no argument of this name"
            where = child(placed.field("with"), name)
            yield Problem(where, f"{message}{suggestion(name, known)}")


def forbidden_kinds(outline: Outline) -> Iterator[Problem]:
    """Yield the gates and waits of a realtime Story.

    Source: bobrapet, Story webhook.
    """
    if outline.spec.pattern is StoryPattern.REALTIME:
        for placed in outline.steps:
            if placed.step.type in {StepType.GATE, StepType.WAIT}:
                message = f"a {placed.step.type} cannot be part of a realtime Story"
                yield Problem(placed.field("type"), message)


def _sleep(_: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    yield from _durations(placed, arguments, "duration")


def _wait(_: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    until = arguments.get("until")
    if until is None or until == "":
        yield Problem(placed.field("with.until"), "is required")
    elif not isinstance(until, str | bool):
        yield Problem(placed.field("with.until"), f"must be a template, not {written(until)}")
    yield from _timing(placed, arguments)


def _gate(_: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    yield from _timing(placed, arguments)
    if "approval" in arguments:
        yield from approval_problems(arguments["approval"], placed.field("with.approval"))


def approval_problems(value: Any, path: str) -> list[Problem]:
    """Return what is wrong with the approval policy of a gate; `path` is where it stands."""
    try:
        approval = Approval.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        return problems_in(error, path, known=Approval.model_fields)
    why = never_enough(approval)
    return [Problem(f"{path}.required", why)] if why else []


def _timing(placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    yield from _durations(placed, arguments, "timeout", "pollInterval")
    consequence = arguments.get("onTimeout", "fail")
    if consequence not in ("fail", "skip") and not _is_open(consequence):
        message = f'must be "fail" or "skip", not {written(consequence)}'
        yield Problem(placed.field("with.onTimeout"), message)


def _durations(placed: Placed, arguments: Arguments, *names: str) -> Iterator[Problem]:
    for name in names:
        shortest = SHORTEST_POLL if name == "pollInterval" else timedelta(microseconds=1)
        value = arguments.get(name)
        if value is not None and value != "" and not _is_open(value):
            for message in _trouble_with_duration(value, shortest):
                yield Problem(placed.field(f"with.{name}"), message)


def _trouble_with_duration(value: Any, shortest: timedelta) -> Iterator[str]:
    if not isinstance(value, str):
        yield f'must be a duration such as "30s", "5m" or "1h30m", not {written(value)}'
        return
    try:
        duration = parse_duration(value)
    except ValueError as error:
        yield str(error)
        return
    if duration <= timedelta(0):
        yield f"must be longer than 0, not {quoted(value)}"
    elif duration < shortest:
        yield f"must be at least {format_duration(shortest)}, not {quoted(value)}"


def _stop(_: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    phase = arguments.get("phase", Phase.SUCCEEDED)
    ends = [end.value for end in Phase if end.is_terminal]
    if phase not in ends and not _is_open(phase):
        message = f"must be {listed(ends, 'or')}, not {written(phase)}"
        yield Problem(placed.field("with.phase"), message)


def _execute_story(outline: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    reference = arguments.get("storyRef")
    name = reference.get("name") if is_object(reference) else None
    if not isinstance(name, str) or not name:
        yield Problem(placed.field("with.storyRef.name"), "is required")
    elif is_object(reference) and _is_own(outline, name, reference.get("namespace")):
        yield Problem(placed.field("with.storyRef.name"), "a Story cannot execute itself")
    if not isinstance(arguments.get("waitForCompletion", True), bool):
        message = f"must be true or false, not {written(arguments['waitForCompletion'])}"
        yield Problem(placed.field("with.waitForCompletion"), message)
    if not is_object(arguments.get("with", {})):
        message = f"must be an object, not {written(arguments['with'])}"
        yield Problem(placed.field("with.with"), message)


def _is_own(outline: Outline, name: str, namespace: Any) -> bool:
    own = outline.story.metadata
    return name == own.name and (namespace or own.namespace) == own.namespace


def _parallel(_: Outline, placed: Placed, arguments: Arguments) -> Iterator[Problem]:
    branches = arguments.get(STEPS)
    if not is_list(branches) or not branches:
        yield Problem(placed.field("with.steps"), "must be a list of steps, and not empty")
        return
    for index, branch in entries_of(placed.step):
        yield from _branch(branch, placed.field(f"with.steps[{index}]"))
    bound = arguments.get("concurrency", 1)
    is_number = isinstance(bound, int) and not isinstance(bound, bool) and bound > 0
    if not is_number and not _is_open(bound):
        message = f"must be a number of branches from 1, not {written(bound)}"
        yield Problem(placed.field("with.concurrency"), message)


def _branch(branch: Any, path: str) -> Iterator[Problem]:
    try:
        step = Step.model_validate(said_in(branch), by_alias=True, by_name=False)
    except ValidationError as error:
        yield from problems_in(error, path, known=Step.model_fields)
        return
    if step.type is StepType.PARALLEL:
        yield Problem(f"{path}.type", "a branch cannot be parallel itself")


def _is_open(value: Any) -> bool:
    return isinstance(value, str) and is_template(value)


_Rule = Callable[[Outline, Placed, Arguments], Iterator[Problem]]
_RULES: Final[Mapping[StepType, _Rule]] = {
    StepType.SLEEP: _sleep,
    StepType.WAIT: _wait,
    StepType.GATE: _gate,
    StepType.STOP: _stop,
    StepType.PARALLEL: _parallel,
    StepType.EXECUTE_STORY: _execute_story,
}
