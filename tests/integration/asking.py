"""A workflow that asks a cluster, which answers as it is told to."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from activities.heartbeats import beating
    from workflows.asking import asked
    from workflows.tasks import cancelled

Reply = Callable[[str], Awaitable[None]]


class Cluster:
    """Notes what it is asked, and whether at once; `reply` holds an answer up, or refuses it."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.questions: list[tuple[str, bool]] = []
        self.reply = reply

    @activity.defn(name="ask_cluster")
    async def ask(self, question: str) -> str:
        """Return the answer."""
        async with beating():
            self.questions.append((question, activity.info().is_local))
            if self.reply is not None:
                await self.reply(question)
            return f"{question}!"


@workflow.defn(name="Asking")
class Asking:
    """Return the answer to a question, or that it was given up."""

    def __init__(self) -> None:
        self._is_given_up = False

    @workflow.signal
    def give_up(self) -> None:
        """Wait for the answer no longer."""
        self._is_given_up = True

    @workflow.run
    async def run(self, question: str) -> str:
        """Ask until there is an answer, or it is given up."""
        asking = asyncio.create_task(asked(Cluster.ask, question, summary=question))
        await workflow.wait_condition(lambda: asking.done() or self._is_given_up)
        await cancelled([asking])
        return "given up" if asking.cancelled() else asking.result()


@workflow.defn(name="AskingTwice")
class AskingTwice:
    """Ask two questions at once, and give one up when the other is answered."""

    @workflow.run
    async def run(self, given_up: str, question: str) -> str:
        """Return the answer, and whether the other question was given up."""
        other = asyncio.create_task(asked(Cluster.ask, given_up, summary=given_up))
        answer = await asked(Cluster.ask, question, summary=question)
        await cancelled([other])
        return f"{answer} {other.cancelled()}"
