"""What a StoryRun object asks for: a run to start, messages to its run, or nothing."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar

from runwright.errors import InvalidManifestError
from runwright.models.bubustack import (
    Engram,
    EngramReference,
    EngramTemplate,
    GateDecisionState,
    GateStatus,
    Phase,
    Story,
    StoryRun,
    StoryRunStatus,
)
from runwright.models.gates import DecideGate, Verdict
from runwright.models.metadata import LAST_APPLIED, ObjectMeta
from runwright.models.runs import CancelRun
from runwright.models.story_run import PATIENCE, ResumeFrom, StartStoryRun, StepDefaults, run_of
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.bubustack.children import (
    executed_stories,
    key_of,
    story_keys,
    version_of,
)
from runwright.rules.bubustack.jobs.labels import CORRELATION
from runwright.rules.bubustack.parentage import Parent, parent_of
from runwright.rules.bubustack.retention import Retention, retention_of
from runwright.rules.bubustack.status.gates import comment_in
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from runwright.rules.bubustack.tasks import Worker
from runwright.rules.wording import quoted

FINALIZER: Final = "storyrun.bubustack.io/finalizer"
RUN_ID: Final = "runwright.dev/run-id"
"""The annotation that says that the run was started: Temporal's run id."""
AUTHOR: Final = "runwright.dev/author"
"""The annotation that says who started the run: claimed by whoever wrote it, verified by nobody."""
_DENIED: Final = "and references across namespaces are not allowed"
_Object = TypeVar("_Object", Story, Engram, EngramTemplate)
_LONGEST_NAME: Final = 256
_LONGEST_COMMENT: Final = 2048
_LONGEST_GATE: Final = 127


@dataclass(frozen=True)
class Start:
    """The run is to be started with that input, and kept that long after its end."""

    start: StartStoryRun
    retention: Retention


@dataclass(frozen=True)
class Waits:
    """Something that the run needs is not there; it may come."""

    reason: str
    message: str


@dataclass(frozen=True)
class Refuse:
    """The run can never start."""

    reason: str
    message: str


@dataclass(frozen=True)
class Cancel:
    """The run was cancelled before it started."""


@dataclass(frozen=True)
class Awaits:
    """The run is a step of another one, which starts it."""

    parent: Parent


@dataclass(frozen=True)
class Nothing:
    """There is nothing to start: the run was started, is over, or is being deleted."""


Meaning = Start | Waits | Refuse | Cancel | Awaits | Nothing


class Lookups(NamedTuple):
    """Where the objects that runs refer to are looked up; None: there is no such object.

    Each may raise an InvalidManifestError for an object that cannot be read.
    """

    story: Callable[[str, str], Story | None]
    """By namespace and name, as are Engrams."""
    engram: Callable[[str, str], Engram | None]
    template: Callable[[str], EngramTemplate | None]
    """By name."""


def meaning_of(
    run: StoryRun,
    lookups: Lookups,
    cluster: str,
    patience: timedelta = PATIENCE,
    defaults: StepDefaults | None = None,
) -> Meaning:
    """Return what is to be done about a StoryRun that may not have been started yet.

    A run that ended, or that bears the marker of a start, is never started again. One that was
    cancelled before anything of it ran is over at once, whether its Story is there or not, unless
    it is a step of another run: that one starts it, and it hears of the cancel then. A Story that
    is missing is waited for. An Engram or a template that is missing keeps no run from its start:
    the steps that need it wait, each for as long as `patience`. What will not mend by itself does:
    a run that must fail in the end had better not begin.

    Source: BubuStack, StoryRun reconcile order and StepRun phases. References across namespaces are
    refused, upstream's default policy.
    """
    if was_started(run) or is_over(run) or run.metadata.deletion_timestamp:
        return Nothing()
    try:
        if (parent := parent_of(run.metadata.annotations)) is not None:
            return _awaits(run, parent)
        if run.spec.cancel_requested:
            return Cancel()
        start = _start(run, lookups, cluster)
    except InvalidManifestError as error:
        return Refuse("InvalidConfiguration", str(error))
    if not isinstance(start, Start):
        return start
    terms = {"patience": patience, "defaults": defaults}
    return replace(start, start=start.start.model_copy(update=terms))


def was_started(run: StoryRun) -> bool:
    """Return whether the run was started once, whatever became of it."""
    return bool(run.metadata.annotations.get(RUN_ID))


def is_over(run: StoryRun) -> bool:
    """Return whether the object says that its run has ended."""
    phase = run.status.phase if run.status else None
    return phase is not None and phase.is_terminal


def _awaits(run: StoryRun, parent: Parent) -> Awaits | Refuse:
    """Return that its parent starts the run, if it belongs to that one's object."""
    owners = {one.uid for one in run.metadata.owner_references}
    named = run_of(parent.workflow_id)
    if named is None or named[2] not in owners:
        message = f"it names a parent that does not own it: {quoted(parent.workflow_id)}"
        return Refuse("InvalidConfiguration", message)
    return Awaits(parent)


def abandoned(parent: Parent) -> Refuse:
    """Return why a run never starts whose parent is over, or was never there."""
    message = (
        f"step {parent.step} of {parent.workflow_id} was to start this run; that one is over, "
        "and has not"
    )
    return Refuse("SchedulingFailed", message)


def _start(run: StoryRun, lookups: Lookups, cluster: str) -> Meaning:
    story = _story_of(run, lookups)
    if not isinstance(story, Story):
        return story
    stories = _executed(story, lookups)
    if not isinstance(stories, tuple):
        return stories
    found = _found((story, *stories), lookups)
    if isinstance(found, Refuse):
        return found
    start = StartStoryRun(
        namespace=run.metadata.namespace,
        name=run.metadata.name,
        uid=run.metadata.uid,
        generation=run.metadata.generation,
        story=bare(story),
        stories=tuple(map(bare, stories)),
        engrams=tuple(map(bare, found.engrams.values())),
        templates=tuple(map(bare, found.templates.values())),
        inputs=run.spec.inputs or {},
        author=run.metadata.annotations.get(AUTHOR, "")[:_LONGEST_NAME],
        backend=Backend.KUBERNETES,
        cluster=cluster,
        correlation=run.metadata.annotations.get(CORRELATION, "").strip()[:_LONGEST_NAME],
        resume_from=_counted_on(run),
    )
    return Start(start, retention_of(story))


def _counted_on(run: StoryRun) -> ResumeFrom | None:
    """Return how executions are counted on where a redrive begins a run of which nothing is left.

    Temporal has forgotten its executions, or another controller had them: nothing of them is kept.
    """
    attempts = (run.status.attempts if run.status else None) or 0
    return ResumeFrom(activation=attempts + 1, everything=True) if attempts > 0 else None


def _story_of(run: StoryRun, lookups: Lookups) -> Story | Waits | Refuse:
    reference, home = run.spec.story_ref, run.metadata.namespace
    if reference.namespace not in {None, home}:
        message = f"storyRef names the namespace {quoted(reference.namespace or '')}, {_DENIED}"
        return Refuse("StoryReferenceInvalid", message)
    story = lookups.story(home, reference.name)
    if story is None:
        message = f"there is no Story {quoted(reference.name)} in the namespace {quoted(home)}"
        return Waits("StoryNotFound", message)
    if trouble := _other_version("storyRef", reference.version, story.spec.version):
        return Refuse("StoryReferenceInvalid", trouble)
    return story


def _executed(story: Story, lookups: Lookups) -> tuple[Story, ...] | Waits | Refuse:
    """Return the Stories that the run may execute besides its own, directly or not.

    Else the first reference to one that is refused, or all that are missing.
    """
    found, _ = executed_stories(story, lambda key: lookups.story(*key))
    known = {key_of(one): one for one in (story, *found)}
    missing: dict[str, None] = {}
    for by in known.values():
        for step, key in story_keys(by):
            place = f"step {quoted(step.name)} of Story {quoted(by.metadata.name)}"
            if key[0] != by.metadata.namespace:
                message = f"{place} executes a Story in the namespace {quoted(key[0])}, {_DENIED}"
                return Refuse("StoryReferenceInvalid", message)
            one = known.get(key)
            if one is None:
                missing[f"there is no Story {quoted(key[1])}, which {place} executes"] = None
            elif trouble := _other_version(place, version_of(step), one.spec.version):
                return Refuse("StoryReferenceInvalid", trouble)
    return Waits("StoryNotFound", "; ".join(missing)) if missing else found


class _Found(NamedTuple):
    """What there is of that which does the work of the steps of Stories."""

    engrams: dict[tuple[str, str], Engram]
    """By namespace and name."""
    templates: dict[str, EngramTemplate]


def _found(stories: Iterable[Story], lookups: Lookups) -> _Found | Refuse:
    """Return the Engrams that the steps name and their templates; else the first refusal."""
    found = _Found({}, {})
    for reference, home in dict.fromkeys(_references(stories)):
        worker = worker_named(reference, home, lookups)
        if isinstance(worker, Refuse):
            return worker
        if (engram := lookups.engram(home, reference.name)) is not None:
            found.engrams[home, engram.metadata.name] = engram
        if isinstance(worker, Worker):
            found.templates[worker.template.metadata.name] = worker.template
    return found


def _references(stories: Iterable[Story]) -> Iterator[tuple[EngramReference, str]]:
    """Yield which Engrams the steps of Stories name, each with the namespace of its Story."""
    for story in stories:
        for placed in Outline(story).steps:
            if placed.step.ref is not None:
                yield placed.step.ref, story.metadata.namespace


def worker_named(
    reference: EngramReference, home: str, lookups: Lookups
) -> Worker | Waits | Refuse:
    """Return what does the work of a step in the namespace `home`, or why nothing does.

    Raises:
        InvalidManifestError: it is there and cannot be read.
    """
    name = quoted(reference.name)
    if reference.namespace not in {None, home}:
        message = (
            f"Engram {name} is in the namespace {quoted(reference.namespace or '')}, {_DENIED}"
        )
        return Refuse("EngramReferenceInvalid", message)
    engram = lookups.engram(home, reference.name)
    if engram is None:
        message = f"there is no Engram {name} in the namespace {quoted(home)}"
        return Waits("ReferenceNotFound", message)
    if trouble := _other_version(f"Engram {name}", reference.version, engram.spec.version):
        return Refuse("EngramReferenceInvalid", trouble)
    return _with_template(engram, lookups)


def _with_template(engram: Engram, lookups: Lookups) -> Worker | Waits | Refuse:
    wanted = engram.spec.template_ref
    place = f"EngramTemplate {quoted(wanted.name)}"
    template = lookups.template(wanted.name)
    if template is None:
        message = f"there is no {place}, which Engram {quoted(engram.metadata.name)} needs"
        return Waits("TemplateNotFound", message)
    if trouble := _other_version(place, wanted.version, template.spec.version):
        return Refuse("TemplateResolutionFailed", trouble)
    return Worker(engram, template)


def _other_version(what: str, wanted: str | None, present: str | None) -> str:
    if wanted in {None, "", present}:
        return ""
    return f"{what}: version {quoted(wanted or '')} is asked for, {quoted(present or '')} is there"


def bare(one: _Object) -> _Object:
    """Return an object as a run takes it along: without status, and without copies of itself."""
    metadata = one.metadata
    annotations = {
        name: text for name, text in metadata.annotations.items() if name != LAST_APPLIED
    }
    kept = ObjectMeta(
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        generation=metadata.generation,
        labels=metadata.labels,
        annotations=annotations,
    )
    return one.model_copy(update={"metadata": kept, "status": None})


def messages_of(run: StoryRun) -> tuple[CancelRun | DecideGate, ...]:
    """Return what the object asks of its open run, each time anew: the run knows what it heard.

    That is to cancel, and the decisions that people wrote into `status.gates`. One on a gate whose
    step is over is passed on only where it contradicts how that ended: the run refuses it, and
    puts right what the status says. A decision is about the execution that the status shows.

    Source: BubuStack, gates and graceful cancel.
    """
    if is_over(run):
        return ()
    decisions = decisions_in(run.status) if run.status else ()
    if not run.spec.cancel_requested:
        return tuple(decisions)
    return (CancelRun(reason=CANCEL_REQUESTED), *decisions)


def decisions_in(status: StoryRunStatus) -> Iterator[DecideGate]:
    """Yield the decisions in a status but for those that their gates ended by."""
    for name, entry in status.gates.items():
        verdict = _VERDICTS.get(entry.state)
        if verdict is None or _agrees(status, name, entry) or not 0 < len(name) <= _LONGEST_GATE:
            continue
        yield DecideGate(
            gate=name,
            verdict=verdict,
            by=(entry.updated_by or "")[:_LONGEST_NAME],
            comment=comment_in(entry)[:_LONGEST_COMMENT],
            id=_digest(name, entry),
            activation=status.attempts or None,
        )


def _agrees(status: StoryRunStatus, name: str, entry: GateStatus) -> bool:
    """Return whether the step of a gate ended as the entry says."""
    step = status.step_states.get(name)
    return step is not None and step.phase is _ENDS[entry.state]


def _digest(name: str, entry: GateStatus) -> str:
    """Return what tells one decision that was written from another.

    Not its comment. But the time is the run's: with it, what somebody writes again after the run
    put it right is another one.
    """
    text = json.dumps([name, entry.model_dump(mode="json", exclude={"message"})], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


_VERDICTS: Final = {
    GateDecisionState.APPROVED: Verdict.APPROVE,
    GateDecisionState.REJECTED: Verdict.REJECT,
}
_ENDS: Final = {
    GateDecisionState.APPROVED: Phase.SUCCEEDED,
    GateDecisionState.REJECTED: Phase.FAILED,
}
