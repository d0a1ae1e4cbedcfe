"""Connect to Temporal, and to the cluster where runs are its objects; start runs and find them."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from adapters.temporal.connection import connected, translated
from runwright.client.addresses import ParentAddress
from runwright.client.listing import newest_parents, newest_runs
from runwright.client.objects import RunObjects, home_of, objects_of
from runwright.client.parents import ParentEntity
from runwright.client.requests import made_up_suffix
from runwright.client.runs import Home, Run
from runwright.client.views import ParentSummary, Summary
from runwright.errors import ExistsError
from runwright.models.story_run import NO_RESOURCE, StartStoryRun, StepDefaults, workflow_id
from runwright.models.tasks import Backend
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.bubustack.submission import manifests_of
from runwright.rules.manifests import Bundle
from runwright.rules.manifests.bundle import DEFAULT_NAMESPACE
from runwright.settings import Settings, task_queue_of
from workflows.story_attributes import attributes_of


@asynccontextmanager
async def connect(
    environ: Mapping[str, str] = os.environ,
    *,
    address: str | None = None,
    runtime: Runtime | None = None,
) -> AsyncGenerator["RunwrightClient"]:
    """Give a client, connected as the environment says; `address` overrules where Temporal is.

    With RUNWRIGHT_BACKEND=kubernetes runs are StoryRuns of the cluster that kubectl would talk to.
    `runtime` is Temporal's own, with its logs and metrics; None: the one that all share.

    Raises:
        InvalidSettingsError: a RUNWRIGHT_ variable cannot be read.
        TemporalUnavailableError: Temporal cannot be reached.
        RefusedError: Temporal lets nobody in who comes like this.
    """
    settings = Settings.from_environ(environ)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            connected(environ, address=address, runtime=runtime)
        )
        objects = None
        if settings.backend is Backend.KUBERNETES:
            objects = await stack.enter_async_context(objects_of(environ))
        yield RunwrightClient(
            *(client, settings.task_queue, settings.cluster),
            objects=objects,
            namespace=home_of(environ),
            defaults=settings.step_defaults,
        )


class RunwrightClient:
    """Starts runs, and finds those that were started.

    With `objects` runs are StoryRuns of a cluster: to start one is to create one, and intake
    starts it. `namespace` is that of what names none, and `defaults` are those of runs that have
    none of their own.
    """

    def __init__(
        self,
        client: Client,
        task_queue: str,
        cluster: str = "local",
        *,
        objects: RunObjects | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        defaults: StepDefaults | None = None,
    ) -> None:
        self.namespace = namespace
        self._defaults = defaults
        self._client = client
        self._task_queue = task_queue
        self._cluster = cluster
        self._objects = objects

    async def start(self, start: StartStoryRun) -> Run:
        """Start a run; of two starts at once, one starts it and the other finds it.

        In a cluster its StoryRun is created, and of what it refers to that which is not there.

        Raises:
            ExistsError: a run of that name exists, open or closed.
            InvalidManifestError: the cluster has another Story, Engram or template of that name.
            TemporalUnavailableError: Temporal cannot be reached.
            ClusterUnavailableError: the cluster cannot be reached.
        """
        if self._objects is None:
            whole = start.model_copy(update={"defaults": start.defaults or self._defaults})
            return await self._start(whole, WorkflowIDReusePolicy.REJECT_DUPLICATE)
        overrides = Overrides(name=start.name, namespace=start.namespace, author=start.author)
        return await self._submit(self._objects, manifests_of(start), overrides)

    async def start_manifests(self, bundle: Bundle, overrides: Overrides) -> Run:
        """Start the run that manifests describe.

        In a cluster what the manifests do not have may be there, or be waited for.

        Raises:
            ExistsError: a run of that name exists, open or closed.
            InvalidManifestError: what keeps the run from being started, every problem at once.
            TemporalUnavailableError: Temporal cannot be reached.
            ClusterUnavailableError: the cluster cannot be reached.
        """
        if self._objects is not None:
            return await self._submit(self._objects, bundle, overrides)
        suffix = overrides.suffix or made_up_suffix()
        return await self.start(start_of(bundle, replace(overrides, suffix=suffix)))

    def run(self, name: str, namespace: str = "", uid: str = "") -> Run:
        """Return the run of that name, without looking whether there is one.

        In a cluster it is the StoryRun that has the name when it is first asked for, and if there
        is none the newest that Temporal remembers; a `uid` means that one alone.
        """
        home = Home(self._client, self._cluster, self._objects, self._retry)
        identity = uid or ("" if self._objects else NO_RESOURCE)
        return Run(home, namespace or self.namespace, name, identity)

    def parent(self, address: ParentAddress) -> ParentEntity:
        """Return what looks after a Promise, or a request; whether anything does is not asked."""
        return ParentEntity(self._client, self._cluster, address)

    async def parents(self, kind: str, limit: int = 100) -> list[ParentSummary]:
        """Return the Promises or the ResourceRequests, as `kind` says, that are looked after.

        Raises:
            TemporalUnavailableError: Temporal cannot be reached.
        """
        return await newest_parents(self._client, kind, limit, self._cluster)

    async def runs(self, limit: int = 100) -> list[Summary]:
        """Return the newest runs, newest first; in a cluster its own that have started.

        Raises:
            TemporalUnavailableError: Temporal cannot be reached.
        """
        return await newest_runs(self._client, limit, self._cluster if self._objects else "")

    async def _submit(self, objects: RunObjects, bundle: Bundle, overrides: Overrides) -> Run:
        created = await objects.submit(await objects.prepare(bundle, overrides))
        metadata = created.metadata
        return self.run(metadata.name, metadata.namespace, metadata.uid)

    async def _retry(self, start: StartStoryRun) -> Run:
        return await self._start(start, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def _start(self, start: StartStoryRun, reuse: WorkflowIDReusePolicy) -> Run:
        placed = start
        if not start.has_resource:  # else it belongs to the cluster that has its object
            placed = start.model_copy(update={"cluster": self._cluster})
        try:
            await self._client.start_workflow(
                "StoryRun",
                placed,
                id=workflow_id(start.namespace, start.name, start.uid),
                task_queue=self._queue_of(start),
                id_reuse_policy=reuse,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                search_attributes=attributes_of(placed),
                static_summary=f"{start.name}: story {start.story.metadata.name}",
            )
        except WorkflowAlreadyStartedError as error:
            message = f"start run {start.namespace}/{start.name}: a run of that name exists"
            raise ExistsError(message) from error
        except RPCError as error:
            raise translated(error, f"start run {start.namespace}/{start.name}") from error
        return self.run(start.name, start.namespace, start.uid)

    def _queue_of(self, start: StartStoryRun) -> str:
        return task_queue_of(start.cluster) if start.has_resource else self._task_queue
