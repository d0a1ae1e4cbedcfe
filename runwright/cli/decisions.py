"""Talking to a run: `approve`, `reject`, `cancel`, `pause`, `resume`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final, TypeVar

import typer
from rich.text import Text

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import follow, here
from runwright.cli.output import Output, OutputOption, console, show
from runwright.cli.pages import run_page
from runwright.cli.parameters import (
    AsOption,
    RunName,
    Target,
    TargetArgument,
    WaitOption,
    duration,
    user,
)
from runwright.cli.session import connection
from runwright.client import ParentEntity, Run
from runwright.models.base import Message
from runwright.models.gates import DecideGate, DecisionAnswer, GateOutcome, Verdict
from runwright.models.runs import Cancelled, Paused, Resumed

M = TypeVar("M", bound=Message)
_Ask = Callable[[Run | ParentEntity], Awaitable[M | None]]
SENT: Final = "no worker answered: it waits in Temporal, and counts as soon as one works"
_JUDGED: Final = "a worker judges it when one works"
_OUTCOMES: Final = {
    GateOutcome.APPROVED: "the gate is approved",
    GateOutcome.REJECTED: "the gate is rejected",
    GateOutcome.TIMED_OUT: "the gate has timed out",
    GateOutcome.CLOSED: "the gate is closed without a decision",
}
GateArgument = Annotated[str, typer.Argument(metavar="GATE", help="The name of the gate's step.")]
CommentOption = Annotated[str, typer.Option("--comment", help="Why; it is kept with the run.")]


@app.command()
def approve(
    run: TargetArgument,
    gate: GateArgument,
    comment: CommentOption = "",
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Approve a gate; before it is reached too."""
    _decide(run, (gate, Verdict.APPROVE), comment, by, output)


@app.command()
def reject(
    run: TargetArgument,
    gate: GateArgument,
    comment: CommentOption = "",
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Reject a gate: its step fails."""
    _decide(run, (gate, Verdict.REJECT), comment, by, output)


@app.command()
def pause(
    run: TargetArgument,
    comment: CommentOption = "",
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start no further step of a run; what runs goes on, and deadlines too."""

    async def paused(one: Run | ParentEntity) -> Paused | None:
        return await one.pause(by=_who(by), comment=comment)

    _tell(run, paused, output, f"paused: {run.said}")


@app.command()
def resume(
    run: TargetArgument,
    comment: CommentOption = "",
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Go on with a run that was paused."""

    async def resumed(one: Run | ParentEntity) -> Resumed | None:
        return await one.resume(by=_who(by), comment=comment)

    with reported(output):
        answer = asyncio.run(_told(run, resumed))
        show(answer, output, lambda _: Text(resumption(run, answer)))


@app.command()
def cancel(
    run: TargetArgument,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the run.")] = "",
    grace: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration,
            metavar="DURATION",
            help="What running steps get to end, as 20s; else what the Story says.",
        ),
    ] = None,
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
    *,
    wait: WaitOption = False,
) -> None:
    """Stop what a run does, and close it as cancelled."""

    async def cancelled(one: Run | ParentEntity) -> Cancelled | None:
        return await one.cancel(by=_who(by), reason=reason, grace=grace)

    if wait and isinstance(run, RunName):
        with reported(output):
            asyncio.run(_cancel_and_wait(run, cancelled, output))
    elif wait:
        message = f"{run.said} is no run that comes to an end"
        raise typer.BadParameter(message)
    else:
        _tell(run, cancelled, output, f"cancelled: {run.said}; what runs is being stopped")


async def _cancel_and_wait(run: RunName, ask: _Ask[Message], output: Output) -> None:
    async with connection() as client:
        one = run.of(client)
        await ask(one)
        view = await follow(one, console(stderr=True), transient=True)
    show(view.state, output, lambda terminal: run_page(view, here(), terminal))


def _decide(
    run: Target, said: tuple[str, Verdict], comment: str, by: str | None, output: Output
) -> None:
    gate, verdict = said
    request = DecideGate(gate=gate, verdict=verdict, by=_who(by), comment=comment)
    with reported(output):
        answer = asyncio.run(_decided(run, request))
        show(answer, output, lambda _: Text(answered(run, request, answer)))


def resumption(run: Target, answer: Resumed | None) -> str:
    """Return what is told whoever takes a pause back; no answer: it waits in Temporal."""
    if answer is None:
        return f"resumed: {run.said}; {SENT}"
    return (
        f"resumed: {run.said}" if answer.was_paused else f"not paused: {run.said} goes on as it did"
    )


async def _decided(run: Target, request: DecideGate) -> DecisionAnswer | None:
    async with connection() as client:
        return await run.of(client).decide(request)


def answered(run: Target, request: DecideGate, answer: DecisionAnswer | None) -> str:
    """Return what the sender of a decision is told; `answer` is None while no worker judged it."""
    verdict = "approved" if request.verdict is Verdict.APPROVE else "rejected"
    what = f"{verdict}: gate {request.gate} of {run.said}"
    if answer is None:
        where = f"gate {request.gate} of {run.said}"
        return f"sent: the decision on {where} waits in Temporal; {_JUDGED}"
    again = " (it had been said before)" if answer.repeated else ""
    if answer.outcome is not None and answer.outcome in _OUTCOMES:
        return f"{what}; {_OUTCOMES[answer.outcome]}{again}"
    return f"{what}; {_prospect(answer)}{again}"


def _prospect(answer: DecisionAnswer) -> str:
    """Return what becomes of a gate that is not decided yet."""
    if answer.decision.verdict is Verdict.REJECT:
        return "the gate will be rejected when the run reaches it"
    if answer.missing == 0:
        return "the gate is not reached yet; it counts when it is"
    several = answer.missing > 1
    return f"{answer.missing} more approval{'s are' if several else ' is'} needed"


def _tell(run: Target, ask: _Ask[Message], output: Output, done: str) -> None:
    with reported(output):
        answer = asyncio.run(_told(run, ask))
        show(answer, output, lambda _: Text(done if answer else f"{done}; {SENT}"))


async def _told(run: Target, ask: _Ask[M]) -> M | None:
    async with connection() as client:
        return await ask(run.of(client))


def _who(by: str | None) -> str:
    return user() if by is None else by
