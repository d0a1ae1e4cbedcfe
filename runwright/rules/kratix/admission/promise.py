"""Whether a Promise may be kept as it is written."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from runwright.errors import Problem
from runwright.models.durations import format_duration, parse_duration
from runwright.models.kratix import Promise, PromiseApi
from runwright.models.kratix.keys import RECONCILIATION_INTERVAL
from runwright.rules.kratix.admission.pipelines import (
    idle_pipelines,
    impossible_approvals,
    impossible_labels,
    impossible_limits,
    long_ids,
    misspelt_annotations,
    repeated_names,
)
from runwright.rules.kratix.pipelines import pipeline_problems, placed_pipelines
from runwright.rules.salvage import salvage
from runwright.rules.wording import child, is_within, quoted

SHORTEST_INTERVAL: Final = timedelta(minutes=1)
_INTERVAL: Final = "spec.workflows.config.reconciliationInterval"


def promise_problems(manifest: Mapping[str, Any], before: Promise | None = None) -> list[Problem]:
    """Return every reason for which a Promise is refused, or a change of the one it was before.

    What only the API server knows, whether it takes the API and the Jobs, is not among them.

    Source: Kratix, Promise webhook.
    """
    pipelines = tuple(placed_pipelines(manifest))
    unread = [problem for placed in pipelines for problem in pipeline_problems(placed)]
    rest = salvage(Promise, manifest)
    shape = [
        one for one in rest.problems if not _is_of_a_pipeline(one, [p.path for p in pipelines])
    ]
    found = [
        *(*shape, *unread, *repeated_names(pipelines)),
        *(*impossible_labels(pipelines), *misspelt_annotations(pipelines)),
        *(*impossible_limits(pipelines), *impossible_approvals(pipelines)),
    ]
    if (promise := rest.model) is None:
        return found
    return [
        *found,
        *long_ids(pipelines, promise.metadata.name),
        *_intervals(promise, before),
        *_api_problems(promise.spec.api, before.spec.api if before else None),
    ]


def promise_warnings(manifest: Mapping[str, Any], installed: Mapping[str, str]) -> list[Problem]:
    """Return what a Promise is not refused for, and what its author should see all the same.

    `installed` are the other Promises by name with their version.

    Source: Kratix, Promise webhook.
    """
    idle = idle_pipelines(placed_pipelines(manifest))
    promise = salvage(Promise, manifest).model
    return [*idle, *(_missing_promises(promise, installed) if promise else ())]


def _is_of_a_pipeline(problem: Problem, paths: list[str]) -> bool:
    return any(is_within(problem.path, path) for path in paths)


def _missing_promises(promise: Promise, installed: Mapping[str, str]) -> Iterator[Problem]:
    for index, required in enumerate(promise.spec.required_promises):
        path, present = f"spec.requiredPromises[{index}]", installed.get(required.name)
        if present is None:
            yield Problem(path, f"the Promise {quoted(required.name)} is not installed")
        elif required.version and required.version != present:
            wanted = f"{required.name} {required.version}"
            yield Problem(path, f"{quoted(wanted)} is required, {quoted(present)} is installed")


def _intervals(promise: Promise, before: Promise | None) -> Iterator[Problem]:
    config = promise.spec.workflows.config
    interval = config.reconciliation_interval if config else None
    if interval is not None and interval < SHORTEST_INTERVAL:
        yield _too_short(interval, _INTERVAL)
    text = promise.metadata.annotations.get(RECONCILIATION_INTERVAL)
    known = before.metadata.annotations.get(RECONCILIATION_INTERVAL) if before else None
    if text is not None and text != known:
        yield from _annotated(text)


def _annotated(text: str) -> Iterator[Problem]:
    path = child("metadata.annotations", RECONCILIATION_INTERVAL)
    try:
        interval = parse_duration(text)
    except ValueError as error:
        yield Problem(path, str(error))
        return
    if interval < SHORTEST_INTERVAL:
        yield _too_short(interval, path)


def _too_short(interval: timedelta, path: str) -> Problem:
    shortest = format_duration(SHORTEST_INTERVAL)
    return Problem(path, f'must be at least "{shortest}", is "{format_duration(interval)}"')


def _api_problems(api: PromiseApi | None, before: PromiseApi | None) -> Iterator[Problem]:
    if api is not None and api.spec.scope != "Namespaced":
        message = f'must be "Namespaced", not {quoted(api.spec.scope)}'
        yield Problem("spec.api.spec.scope", message)
    if before is None:
        return
    if api is None:
        yield Problem("spec.api", "cannot be removed")
        return
    for path, new, old in (
        ("apiVersion", api.api_version, before.api_version),
        ("kind", api.kind, before.kind),
        ("metadata.name", api.metadata.name, before.metadata.name),
        ("spec.names", api.spec.names, before.spec.names),
    ):
        if new != old:
            yield Problem(f"spec.api.{path}", "cannot be changed")
