"""StoryRuns that people create become runs, and what they write there reaches their runs."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from adapters.kubernetes.blocked import BlockedRuns
from adapters.kubernetes.child_runs import is_abandoned, remove_child_runs
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.informer import Informer, Name
from adapters.kubernetes.late_requests import LateRequests
from adapters.kubernetes.library import Library
from adapters.kubernetes.notes import Notes
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.redriving import Redriving
from adapters.kubernetes.resources import STORY_RUNS
from adapters.kubernetes.step_runs import remove_step_runs
from adapters.kubernetes.story_runs import is_open, key_of, read_story_run, workflow_of
from adapters.kubernetes.trimming import trimmed_story_run
from runwright.errors import InvalidManifestError, RefusedError
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.deletion import DeleteRun
from runwright.models.gates import DecideGate
from runwright.models.metrics import GATE_DECISIONS_FORWARDED, RUNS_STARTED
from runwright.models.objects import Manifest
from runwright.models.runs import CancelRun
from runwright.models.story_run import PATIENCE, StepDefaults, workflow_id
from runwright.ports import Executions, Fate, Launcher, Metrics, StatusMirror, Unmeasured
from runwright.rules.bubustack import intake as rules
from runwright.rules.bubustack import outside, redrive, retention
from runwright.rules.bubustack.jobs.labels import correlation_label
from runwright.rules.bubustack.parentage import Parent
from runwright.rules.bubustack.retention import Removal, Retention

_LOG: Final = logging.getLogger(__name__)
_UNMEASURED: Final = Unmeasured()
_MOST_MESSAGES: Final = 500
"""To one run, while one worker leads: Temporal takes 10,000 signals, and those of others too."""
_LONGEST_WAIT: Final = 3600.0
_PARENT_STARTS_WITHIN: Final = 10.0
"""Seconds after which somebody looks whether a parent is still there to start its child."""


class Ward(NamedTuple):
    """What of a cluster an intake looks after."""

    cluster: str
    """The cluster's name."""
    namespace: str = ""
    """Empty: all namespaces."""
    deletion_grace: timedelta = timedelta(minutes=10)
    """What a run gets to end when its object is deleted, hooks included."""
    patience: timedelta = PATIENCE
    """How long a run waits for a Story, and a step for an Engram or a template, not there yet."""
    defaults: StepDefaults | None = None
    resync: timedelta = timedelta(minutes=5)


class Ways(NamedTuple):
    """By what an intake acts, beside the cluster itself."""

    launcher: Launcher
    executions: Executions
    mirror: StatusMirror


class StoryRunIntake:
    """The one intake of a cluster's StoryRuns.

    What is to be done about a StoryRun is looked at anew whenever it or what it refers to changed,
    and at every resync: nothing depends on having seen a change.
    """

    def __init__(
        self,
        cluster: Cluster,
        ways: Ways,
        ward: Ward,
        metrics: Metrics = _UNMEASURED,
    ) -> None:
        self.story_runs = Informer(
            *(cluster, STORY_RUNS, trimmed_story_run),
            selection=Selection(ward.namespace),
            resync=ward.resync,
        )
        self.library = Library(
            cluster, self._library_changed, namespace=ward.namespace, resync=ward.resync
        )
        self.queue = WorkQueue[Name]("storyrun", self._look)
        self.deletions = WorkQueue[str]("deletion", self._delete)
        self._cluster = cluster
        self.notes = Notes(cluster, ways.mirror)
        self._launcher = ways.launcher
        self._redriving = Redriving(cluster, ways.launcher, ways.executions, self.notes)
        self._late = LateRequests(ways.launcher, ways.executions, self.notes)
        self._ward = ward
        self._metrics = metrics
        self._waiting: set[Name] = set()
        self._blocked = BlockedRuns(ways.launcher, lambda: self.library.lookups)
        self._open: dict[Name, str] = {}
        """The ids of the workflows of runs that were started, are not over and not deleted."""
        self._sent: dict[str, list[tuple[str, ...]]] = {}
        """By the uid of a StoryRun, what its run was told."""
        self._to_delete: dict[str, DeleteRun] = {}
        self.story_runs.listen(self._changed)

    async def run(self) -> None:
        """Take in StoryRuns until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.library.run())
            await self.library.synced()  # or everything would seem to be missing
            parts.create_task(self.story_runs.run())
            parts.create_task(self.queue.run())
            parts.create_task(self.deletions.run())

    @property
    def open_runs(self) -> Mapping[Name, str]:
        """Return which StoryRuns were started, are not over and not being deleted.

        By their name, with the id of their workflow.
        """
        return self._open

    def open_run(self, name: Name) -> StoryRun | None:
        """Return an open StoryRun as it is known now; None if it is none, or cannot be read."""
        manifest = self.story_runs.get(name) if name in self._open else None
        run = read_story_run(manifest) if manifest else ""
        return None if isinstance(run, str) else run

    def serves(self, namespace: str) -> bool:
        """Return whether the StoryRuns of a namespace are taken in here."""
        return self._ward.namespace in {"", namespace}

    async def is_there(self, namespace: str, name: str, uid: str) -> bool:
        """Return whether the cluster has that very StoryRun now, whatever the watch says."""
        found = await self._cluster.get(STORY_RUNS, namespace, name)
        return found is not None and found["metadata"]["uid"] == uid

    def abandon(self, namespace: str, name: str, uid: str) -> None:
        """Have a run ended and tidied up after whose StoryRun is gone."""
        self._have_deleted({"namespace": namespace, "name": name, "uid": uid})

    def _changed(self, name: Name, before: Manifest | None, now: Manifest | None) -> None:
        was_open = self._open.pop(name, None)
        self._blocked.note(name, now)
        if now is not None:
            if is_open(now):
                self._open[name] = workflow_of(now)
            self.queue.add(name)
            return
        self._waiting.discard(name)
        if before is not None:
            self._sent.pop(before["metadata"]["uid"], None)
            if was_open:  # it went without our finalizer: its run is still there
                self._have_deleted(before["metadata"])

    def _library_changed(self, namespace: str) -> None:
        """Look again at what waits in that namespace, or in all if it is none."""
        waiting = (name for name in self._waiting if namespace in {"", name[0]})
        for name in (*waiting, *self._blocked.within(namespace)):
            self.queue.add(name)

    async def _look(self, name: Name) -> None:
        self._waiting.discard(name)
        manifest = self.story_runs.get(name)
        if manifest is None:
            return
        metadata = manifest["metadata"]
        if metadata.get("deletionTimestamp"):
            if rules.FINALIZER in (metadata.get("finalizers") or ()):
                self._have_deleted(metadata)
            return
        run = read_story_run(manifest)
        if isinstance(run, str):
            await self._refuse_unreadable(name, manifest, run)
        elif (pause := await self._redriving.attend(run)) is not None:
            self.queue.add_after(name, pause.total_seconds())
        elif not await self._is_known_otherwise(run):
            await self._attend(name, run)

    async def _is_known_otherwise(self, run: StoryRun) -> bool:
        """Return whether a run that bears no marker is under way all the same.

        Whoever started it may have died before the marker was written: then it is written now.
        What another controller has begun is left alone, and said to be.
        """
        phase = run.status.phase if run.status else None
        is_begun = phase not in {None, Phase.PENDING} and not outside.is_to_run_anew(run)
        if rules.was_started(run) or rules.is_over(run):
            return False
        if not is_begun and rules.FINALIZER not in run.metadata.finalizers:
            return False
        standing = await self._launcher.standing(workflow_of(run))
        if standing.fate is not Fate.MISSING:
            await self._mark(run, _marker(standing.run_id, self._retention_of(run)))
            return True
        if is_begun:
            await self.notes.write(run, outside.foreign_status(run, datetime.now(UTC)))
        return is_begun

    def _retention_of(self, run: StoryRun) -> Retention:
        """Return how long a run is kept, by its Story as it is now; the usual if there is none.

        Who made the object may have noted it.
        """
        if retention.ANNOTATION in run.metadata.annotations:
            return retention.noted_retention(run.metadata.annotations)
        try:
            story = self.library.lookups.story(run.metadata.namespace, run.spec.story_ref.name)
        except InvalidManifestError:
            return Retention()
        return retention.retention_of(story) if story else Retention()

    async def _attend(self, name: Name, run: StoryRun) -> None:
        now = datetime.now(UTC)
        lookups, ward = self.library.lookups, self._ward
        match rules.meaning_of(run, lookups, ward.cluster, ward.patience, ward.defaults):
            case rules.Start() as asked:
                await self._start(run, asked)
            case rules.Waits() as waits:
                await self._wait(name, run, waits)
            case rules.Refuse() as refuse:
                await self._refuse(run, refuse)
            case rules.Cancel():
                await self.notes.write(run, outside.cancelled_status(run, now))
            case rules.Awaits(parent):
                await self._await(name, run, parent)
            case rules.Nothing() if rules.is_over(run):
                await self._tidy(name, run, now)
            case rules.Nothing():
                await self._pass_on(run)

    async def note_execution(self, run: StoryRun, run_id: str) -> None:
        """Put right which execution an open run is at: people start others beside this intake."""
        if run.metadata.annotations.get(rules.RUN_ID) != run_id:
            await self._mark(run, {rules.RUN_ID: run_id})

    async def _await(self, name: Name, run: StoryRun, parent: Parent) -> None:
        """Leave the start of a run to its parent, for as long as that one is there."""
        if await is_abandoned(self._launcher, run, parent):
            await self._refuse(run, rules.abandoned(parent))
        else:
            self.queue.add_after(name, _PARENT_STARTS_WITHIN)

    async def _start(self, run: StoryRun, asked: rules.Start) -> None:
        """Hold the object, start the run, then note that on the object.

        Whoever comes in between finds the finalizer, and asks Temporal whether there is a run.
        """
        if left := outside.left_behind(run):
            await self.notes.write(run, left)  # and look again, at an object that shows no run
            return
        held = await self._mark(run, {})
        if held is None:
            return
        try:
            run_id = await self._launcher.start(redrive.bearing(asked.start, run))
        except RefusedError as error:
            await self._refuse(held, rules.Refuse("SchedulingFailed", str(error)))
            return
        labels = correlation_label(asked.start)
        if await self._mark(held, _marker(run_id, asked.retention), labels) is None:
            self.abandon(run.metadata.namespace, run.metadata.name, run.metadata.uid)
            return
        self._metrics.count(RUNS_STARTED)
        extra = {"action": "run_started", "run": f"{run.metadata.namespace}/{run.metadata.name}"}
        _LOG.info("run started", extra=extra)

    async def _mark(
        self, run: StoryRun, annotations: dict[str, str], labels: dict[str, str] | None = None
    ) -> StoryRun | None:
        """Write annotations and labels, and our finalizer with them, on this version of the object.

        Returns the object as it is then; None if it is gone.
        """
        metadata: dict[str, Any] = {"resourceVersion": run.metadata.resource_version}
        if annotations:
            metadata["annotations"] = annotations
        if labels:
            metadata["labels"] = labels
        if rules.FINALIZER not in run.metadata.finalizers:
            metadata["finalizers"] = [*run.metadata.finalizers, rules.FINALIZER]
        if len(metadata) == 1:
            return run
        name = run.metadata.namespace, run.metadata.name
        marked = await self._cluster.patch(STORY_RUNS, name, {"metadata": metadata})
        if marked is None:
            return None
        known = marked["metadata"]
        update = {
            "resource_version": known["resourceVersion"],
            "finalizers": tuple(known.get("finalizers") or ()),
        }
        return run.model_copy(update={"metadata": run.metadata.model_copy(update=update)})

    async def _wait(self, name: Name, run: StoryRun, waits: rules.Waits) -> None:
        """Show what is missing, for as long as it may be."""
        now = datetime.now(UTC)
        created = run.metadata.creation_timestamp or now
        left = (created + self._ward.patience - now).total_seconds()
        if left <= 0:
            message = f"{waits.message}, and was not there within {self._ward.patience}"
            await self._refuse(run, rules.Refuse(waits.reason, message))
            return
        self._waiting.add(name)
        self.queue.add_after(name, min(left, _LONGEST_WAIT))
        status = outside.waiting_status(run, waits, now)
        await self.notes.write(run, status)
        if status:
            await self.notes.warn(run, waits.reason, waits.message)

    async def _refuse(self, run: StoryRun, refuse: rules.Refuse) -> None:
        await self.notes.write(run, outside.refused_status(run, refuse, datetime.now(UTC)))
        await self.notes.warn(run, refuse.reason, refuse.message)

    async def _refuse_unreadable(self, name: Name, manifest: Manifest, why: str) -> None:
        """Say on an object that is no StoryRun what is wrong with it; once started, only log it."""
        metadata = manifest["metadata"]
        known = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
        stub = StoryRun.model_validate(
            {"metadata": known, "spec": {"storyRef": {"name": "unknown"}}}
        )
        status: Manifest = manifest.get("status") or {}
        if status.get("phase") is None and rules.RUN_ID not in (metadata.get("annotations") or {}):
            await self._refuse(stub, rules.Refuse("InvalidConfiguration", why))
        else:
            extra = {"action": "object_unreadable", "storyrun": "/".join(name)}
            _LOG.warning("StoryRun cannot be read: %s", why, extra=extra)

    async def _pass_on(self, run: StoryRun) -> None:
        """Send the run what its object asks of it, each message once."""
        if rules.FINALIZER not in run.metadata.finalizers:
            await self._mark(run, {})
        sent = self._sent.setdefault(run.metadata.uid, [])
        for message in rules.messages_of(run):
            known_by = _what_it_says(message)
            if known_by in sent or len(sent) >= _MOST_MESSAGES:
                continue
            await self._launcher.tell(workflow_of(run), message)
            sent.append(known_by)
            if isinstance(message, DecideGate):
                self._metrics.count(GATE_DECISIONS_FORWARDED)
        await self._blocked.attend(run)

    async def _tidy(self, name: Name, run: StoryRun, now: datetime) -> None:
        """Remove what is left of a run that is over, when its time has come."""
        self._sent.pop(run.metadata.uid, None)
        if run.status is None or await self._late.attend(run):
            return  # what was put right is a change, after which this is looked at again
        noted = run.metadata.annotations
        is_noted = retention.ANNOTATION in noted  # not of a run that was over before it started
        kept = retention.noted_retention(noted) if is_noted else self._retention_of(run)
        due = retention.due(run.status, kept, now)
        key = run.metadata.namespace, run.metadata.name
        if due.removal is Removal.CHILDREN:
            await remove_step_runs(self._cluster, run)  # their Jobs go with them
            await remove_child_runs(self._cluster, run)
            await self.notes.write(run, {"childrenCleanedAt": now.isoformat()})
        elif due.removal is Removal.RUN:
            await self._cluster.delete(STORY_RUNS, key, uid=run.metadata.uid)
        elif due.look_at is not None:
            left = (due.look_at - now).total_seconds()
            self.queue.add_after(name, min(max(left, 0.1), _LONGEST_WAIT))

    def _have_deleted(self, metadata: Mapping[str, Any]) -> None:
        namespace, name, uid = metadata["namespace"], metadata["name"], metadata["uid"]
        request = DeleteRun(
            object=key_of(namespace, name, uid),
            finalizer=rules.FINALIZER,
            workflow_id=workflow_id(namespace, name, uid),
            grace=self._ward.deletion_grace,
        )
        self._to_delete[request.workflow_id] = request
        self.deletions.add(request.workflow_id)

    async def _delete(self, workflow: str) -> None:
        request = self._to_delete.get(workflow)
        if request is not None:
            await self._launcher.delete(request)
            self._to_delete.pop(workflow, None)


def _marker(run_id: str, kept: Retention) -> dict[str, str]:
    """Return the annotations that say that a run was started, and how long it is kept."""
    return {
        rules.RUN_ID: run_id,
        retention.ANNOTATION: kept.model_dump_json(by_alias=True),
    }


def _what_it_says(message: CancelRun | DecideGate) -> tuple[str, ...]:
    """Return what tells a message from those before; its comment does not."""
    if isinstance(message, CancelRun):
        return ("cancel",)
    return message.id, str(message.activation)
