"""Questions to a cluster: answered at once where it can, else for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.policies import (
    AT_ONCE,
    CALL_HEARTBEAT,
    CLUSTER_CALL,
    ONCE,
    TRY_FOR_EVER,
)
from workflows.tasks import answered

_P = TypeVar("_P")
_R = TypeVar("_R")
_ASKS_AT_ONCE: Final = "asks-at-once"
"""The mark of workflows that do so: the first recorded had an activity for each question."""


def asks_at_once() -> bool:
    """Return whether this workflow does so."""
    return workflow.patched(_ASKS_AT_ONCE)


async def asked(
    question: Callable[[Any, _P], Awaitable[_R]],
    argument: _P,
    *,
    summary: str,
    within: timedelta = CLUSTER_CALL,
) -> _R:
    """Return what a cluster answers to a few requests.

    A worker asks within its task of the workflow, which spares three trips through Temporal; that
    holds the workflow up, so it has a moment. What is refused, or not answered by then, is asked
    again by an activity: people see it, with its attempts, and the workflow heeds what comes
    meanwhile. The question must be idempotent.

    Raises:
        ActivityError: the cluster refuses for good.
        CancelledError: the caller was cancelled.
    """
    if asks_at_once():
        try:
            return await answered(
                workflow.start_local_activity_method(
                    question,
                    argument,
                    schedule_to_close_timeout=AT_ONCE,
                    retry_policy=ONCE,
                    summary=summary,
                )
            )
        except (FailureError, asyncio.CancelledError) as trouble:
            if _is_caller_cancelled():
                raise asyncio.CancelledError from trouble
            # Else the worker shuts down, or the answer of an activity is what counts.
    return await asked_at_length(question, argument, summary=summary, within=within)


async def asked_at_length(
    question: Callable[[Any, _P], Awaitable[_R]],
    argument: _P,
    *,
    summary: str,
    within: timedelta = CLUSTER_CALL,
) -> _R:
    """Return what a cluster answers to more than a few requests: an attempt has `within`.

    Raises:
        ActivityError: the cluster refuses for good.
        CancelledError: the caller was cancelled.
    """
    return await answered(
        workflow.start_activity_method(
            question,
            argument,
            start_to_close_timeout=within,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary=summary,
        )
    )


def _is_caller_cancelled() -> bool:
    caller = asyncio.current_task()
    return caller is not None and caller.cancelling() > 0
