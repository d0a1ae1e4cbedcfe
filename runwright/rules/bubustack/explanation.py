"""Why a run is where it is, in one paragraph."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

from runwright.models.bubustack import Phase, StepType
from runwright.models.story_run import StepProgress, StepReason, StoryRunState
from runwright.rules.bubustack.afterwards import next_step
from runwright.rules.bubustack.status.run import is_stalled, step_message
from runwright.rules.bubustack.verdicts import CLOSES_AS_COMPLETED
from runwright.rules.gate_wording import as_whom, refused, standing, verdict_of, why_nobody
from runwright.rules.times import lasting, moment
from runwright.rules.wording import listed, sentence

_ENDED: Final = {
    Phase.SUCCEEDED: "succeeded",
    Phase.SKIPPED: "was skipped",
    Phase.FINISHED: "was cancelled",
    Phase.CANCELED: "was cancelled",
    Phase.ABORTED: "was aborted",
    Phase.TIMEOUT: "ran out of time",
    Phase.COMPENSATED: "failed and was compensated",
}


def explanation(
    state: StoryRunState, troubles: Sequence[str], now: datetime, *, user: str = ""
) -> str:
    """Return what a run does, what it waits for and why, or why it ended, and what to do next.

    `troubles` are what goes wrong for now and is tried again, one sentence without a stop each.
    `user` is who reads it; empty: nobody knows.
    """
    if state.finished_at:
        told = _ended(state, now)
    elif state.has_started:
        told = _open(state, troubles, now, user)
    else:
        told = _unstarted(state, now)
    return " ".join(sentence(each) for each in told if each)


class Named(Protocol):
    """Something that has a name in a namespace."""

    @property
    def namespace(self) -> str:
        """Where it is."""
        ...

    @property
    def name(self) -> str:
        """What it is called there."""
        ...


def shown_name(run: Named) -> str:
    """Return the run's name as a command takes it: with its namespace where that is needed."""
    return run.name if run.namespace == "default" else f"{run.namespace}/{run.name}"


def child_name(state: StoryRunState, step: StepProgress) -> str:
    """Return the run that a step executes as a command takes its name; empty: it executes none."""
    if step.child is None:
        return ""
    prefix = shown_name(state).removesuffix(state.name)
    return f"{prefix}{step.child.name}"


def gates_within(state: StoryRunState, step: StepProgress) -> tuple[str, ...]:
    """Return the gates at which the run of a step waits as commands take them: `RUN GATE`."""
    prefix = shown_name(state).removesuffix(state.name)
    gates = step.child.gates if step.child else ()
    return tuple(f"{prefix}{one.run} {one.gate}" for one in gates)


def _open(state: StoryRunState, troubles: Sequence[str], now: datetime, user: str) -> Iterator[str]:
    over = sum(step.is_over for step in state.listed_steps)
    yield (
        f"{_subject(state)} has been running for {lasting(now - state.started_at)}; "
        f"{over} of its {len(state.listed_steps)} steps {'is' if over == 1 else 'are'} over"
    )
    yield state.message
    if state.cancelled:
        by, grace = state.cancelled.by or "somebody", lasting(state.cancelled.grace)
        yield f"{by} cancelled it: what runs gets {grace} to end"
    elif state.paused:
        by, since = state.paused.by or "somebody", moment(state.paused.since, now)
        yield (
            f"{by} paused it at {since}, so no further step starts until "
            f"`runwright resume {shown_name(state)}`"
        )
    for step in state.steps.values():
        if step.is_running:
            yield _waiting(state, step, now, user)
    yield from (f"For now this goes wrong, and is tried again: {each}" for each in troubles)
    yield from refused(state.refused_decisions)
    yield from _failures(state)
    if state.deadline:
        yield f"It may take until {moment(state.deadline, now)}"


def _unstarted(state: StoryRunState, now: datetime) -> Iterator[str]:
    age = lasting(now - state.started_at)
    yield f"{_subject(state)} was created {age} ago, and has not started"
    yield f"It waits: {state.message}" if state.message else "It is about to be taken in"


def _waiting(state: StoryRunState, step: StepProgress, now: datetime, user: str) -> str:
    gate = state.gates.get(step.name)
    if gate and step.name in state.pending_gates:
        until = f" until {moment(gate.deadline, now)}" if gate.deadline else ""
        whom = as_whom(gate, user, {state.author})
        command = f"`runwright approve {shown_name(state)} {step.name}{whom}`"
        how = why_nobody(gate, {state.author}) or command
        return f"Gate {step.name} waits for a decision ({standing(gate)}){until}: {how}"
    if step.reason is StepReason.RETRY_SCHEDULED and step.next_retry_at:
        due = moment(step.next_retry_at, now)
        return f"Step {step.name} failed {_times(step.tries)} and is tried again at {due}"
    if child := child_name(state, step):
        gates = listed(f"`runwright approve {name}`" for name in gates_within(state, step))
        decide = f"; it waits for a decision: {gates}" if gates else ""
        look = f"`runwright explain {child}`"
        return f"Step {step.name} waits for the end of run {child}: {look}{decide}"
    return _held_up(step, now) or _at_work(step, now)


def _held_up(step: StepProgress, now: datetime) -> str:
    """Return what a step waits for that says so itself; empty if it does not wait."""
    until = f" until {moment(step.deadline, now)}" if step.deadline else ""
    match step.phase:
        case Phase.BLOCKED:
            mend = "apply what is missing, and the step goes on at once"
            return f"Step {step.name} waits{until}: {step.message}; {mend}"
        case Phase.SCHEDULING:
            return f"Step {step.name}: {step.message}"
        case Phase.PAUSED if step.type == StepType.WAIT:
            return f"Step {step.name}{until}: {step.message}"
        case Phase.PAUSED if until:
            return f"Step {step.name} waits{until}"
        case _:
            return ""


def _at_work(step: StepProgress, now: datetime) -> str:
    since = f" for {lasting(now - step.started_at)}" if step.started_at else ""
    tries = f", try {step.tries} of {step.max_tries}" if step.tries > 1 else ""
    stalled = f", and does not get on: {step_message(step)}" if is_stalled(step) else ""
    return f"Step {step.name} has been running{since}{tries}{stalled}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _ended(state: StoryRunState, now: datetime) -> Iterator[str]:
    finished = state.finished_at or now
    how = _ENDED.get(state.phase, "failed")
    took = lasting(finished - state.started_at)
    why = f": {state.message}" if state.message else ""
    yield f"{_subject(state)} {how} at {moment(finished, now)} after {took}{why}"
    if state.cancelled and (state.cancelled.by or state.cancelled.reason):
        reason = f": {state.cancelled.reason}" if state.cancelled.reason else ""
        yield f"{state.cancelled.by or 'Somebody'} cancelled it{reason}"
    yield from _failures(state)
    skipped = [step.name for step in state.steps.values() if step.phase is Phase.SKIPPED]
    if state.phase in CLOSES_AS_COMPLETED:
        return
    if skipped:
        yield f"Skipped: {listed(skipped)}"
    if following := next_step(state):
        command = following.command(shown_name(state))
        yield f"{following.advice}: `{command}`" if command else following.advice


def _failures(state: StoryRunState) -> Iterator[str]:
    for step in state.steps.values():
        if step.failed:
            gate = state.gates.get(step.name)
            why = (verdict_of(gate) if gate else "") or cause_of(step) or "it does not say why"
            yield f"Step {step.name} {_verb(step)}: {why}"
            if step.diagnosis and step.diagnosis.resolution:
                resolution = step.diagnosis.resolution
                yield resolution[0].upper() + resolution[1:]
            if step.task:
                yield f"What it wrote shows `runwright logs {shown_name(state)} {step.name}`"
            if child := child_name(state, step):
                yield f"Why its run ended so says `runwright explain {child}`"


def _verb(step: StepProgress) -> str:
    return {Phase.TIMEOUT: "ran out of time", Phase.CANCELED: "was stopped"}.get(
        step.phase or Phase.FAILED, "failed"
    )


def cause_of(step: StepProgress) -> str:
    """Return what went wrong with a step in a few words, and its exit code; empty: nobody says."""
    if step.diagnosis is None:
        return step.message
    code = f" (exit code {step.exit_code})" if step.failed and step.exit_code else ""
    return f"{step.diagnosis.summary}{code}"


def _subject(state: StoryRunState) -> str:
    parent = f"step {state.parent.step} of run {state.parent.name}" if state.parent else ""
    execution = f"execution {state.activation}" if state.activation > 1 else ""
    more = "".join(f" {each}," for each in (parent, execution) if each)
    return f"Run {state.namespace}/{state.name} of story {state.story}{',' if more else ''}{more}"
