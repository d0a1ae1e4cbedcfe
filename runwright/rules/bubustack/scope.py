"""What the templates of a run see of its steps."""

from collections.abc import Iterator, Mapping
from typing import Any

from runwright.models.bubustack import StepType
from runwright.models.story_run import BRANCH, StepProgress
from runwright.rules import templates
from runwright.rules.bubustack.branches import block_of
from runwright.rules.bubustack.references import steps_named_in

Steps = Mapping[str, StepProgress]


def scope_of(inputs: Mapping[str, Any], steps: Steps, step: str = "") -> Mapping[str, Any]:
    """Return what the templates of a step can see: the inputs of the run, and the outputs so far.

    A branch sees the other branches of its block by their own names, before any step of such a
    name. No step at all stands for the output of the run: it sees every branch by its own name, but
    for those that a step of the Story has.

    Source: BubuStack, values available to templates (where nobody but the output of the run can see
    a branch). Ours: the output of a parallel step has that of each of its branches, and every step
    that succeeded or was skipped has an output, if an empty one.
    """
    listed = {name: put for name in steps if not block_of(name) and (put := _seen(steps, name))}
    branches = {
        one.own_name: put
        for name, one in steps.items()
        if one.block and one.block == (block_of(step) or one.block) and (put := _seen(steps, name))
    }
    if not step:
        return templates.step_scope(inputs, _opened({**branches, **listed}))
    inner = branches if block_of(step) else {}
    return templates.step_scope(inputs, _opened({**listed, **inner}))


def output_of(steps: Steps, name: str) -> dict[str, Any] | None:
    """Return what a step put out; None: nothing that counts, or there is no such step.

    That of a parallel step has what each of its branches put out, by the branch's name.
    """
    step = steps.get(name)
    if step is None or not step.succeeded:
        return None
    return _of_block(steps, name) if step.type == StepType.PARALLEL else step.output


def lacking(value: Any, steps: Steps, step: str = "") -> str:
    """Return which steps that the templates in a JSON value refer to put nothing out, and why.

    Empty: every one of them did. `step` is whose templates they are, as for `scope_of`.
    """
    silent = (
        one
        for one in _named(value, steps, step)
        if one.is_over and output_of(steps, one.name) is None
    )
    return "; ".join(f"step {one.own_name} ({one.phase}) put nothing out" for one in silent)


def not_yet(value: Any, steps: Steps, step: str = "") -> str:
    """Return which steps that the templates in a JSON value refer to are not over, and so say.

    Empty: all are. `step` is whose templates they are.
    """
    awaited = (one for one in _named(value, steps, step) if not one.is_over)
    return "; ".join(f"step {one.own_name} has no output yet" for one in awaited)


def _named(value: Any, steps: Steps, step: str) -> Iterator[StepProgress]:
    """Yield the steps that the templates of a step name."""
    block = block_of(step)
    for name in steps_named_in(value):
        if (one := steps.get(f"{block}{BRANCH}{name}") or steps.get(name)) is not None:
            yield one


def _seen(steps: Steps, name: str) -> tuple[dict[str, Any]] | None:
    """Return the output of a step that succeeded or was skipped, in a tuple: it may be empty."""
    step = steps.get(name)
    if step is None or not step.succeeded:
        return None
    return (output_of(steps, name) or {},)


def _of_block(steps: Steps, name: str) -> dict[str, Any]:
    return {
        one.own_name: put
        for branch, one in steps.items()
        if one.block == name and (put := output_of(steps, branch)) is not None
    }


def _opened(outputs: Mapping[str, tuple[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {name: output for name, (output,) in outputs.items()}
