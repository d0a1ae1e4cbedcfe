"""Where a scenario plays."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowHandle

from runwright.models.story_run import StartStoryRun
from tests.integration.runs import Outcomes, StartedRun, start_of, started


class Stage(NamedTuple):
    """Where a scenario plays: a server, a queue of its own, and the name of its run."""

    client: Client
    task_queue: str
    name: str

    @asynccontextmanager
    async def run(
        self,
        spec: dict[str, Any],
        outcomes: Outcomes | None = None,
        *,
        immediate: bool = True,
        **fields: Any,
    ) -> AsyncGenerator[StartedRun]:
        """Give a run of a Story with that spec, started and served."""
        start = self.start(spec, **fields)
        async with started(
            self.client, self.task_queue, start, outcomes, immediate=immediate
        ) as going:
            yield going

    def start(self, spec: dict[str, Any], **fields: Any) -> StartStoryRun:
        """Return the input of the run."""
        return start_of(spec, name=self.name, **fields)

    def temporal(self, going: StartedRun) -> WorkflowHandle[Any, Any]:
        """Return the run as a plain Temporal client sees it."""
        return self.client.get_workflow_handle(going.run.workflow_id)


Scenario = Callable[[Stage], Awaitable[None]]
"""Plays a run to its end."""
