"""Versions of a workflow that nobody may deploy: what they do differs from what was recorded."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runwright.models.story_run import StartStoryRun, StoryRunState
    from workflows.story_run import StoryRunWorkflow


@workflow.defn(name="StoryRun")
class WaitsBeforeItStarts(StoryRunWorkflow):
    """A StoryRun with one more timer."""

    @workflow.init
    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartStoryRun) -> StoryRunState:
        """Wait a second, then run."""
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)


@workflow.defn(name="StoryRun")
class SkipsEverything(StoryRunWorkflow):
    """A StoryRun that is over at once."""

    @workflow.init
    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartStoryRun) -> StoryRunState:  # noqa: ARG002 - Temporal's signature
        """Return what is known before anything ran."""
        return self.state()
