"""What keeps the steps of a run from being Jobs."""

from collections.abc import Iterator
from typing import Final

from pydantic import TypeAdapter, ValidationError

from runwright.errors import Problem
from runwright.models.bubustack import DnsName, WorkloadMode
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.jobs.pod import PULL_POLICIES, pull_policy_of
from runwright.rules.bubustack.jobs.resources import wrong_resources
from runwright.rules.bubustack.jobs.secrets import wrong_secrets
from runwright.rules.bubustack.jobs.steps import engram_steps
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.wording import listed, quoted

_NAME: Final[TypeAdapter[str]] = TypeAdapter(DnsName)


def job_problems(start: StartStoryRun) -> list[Problem]:
    """Return everything that keeps the run's steps from being Jobs; secrets are not looked at."""
    found = [one for placed, work in engram_steps(start) for one in _wrong_job(placed, work)]
    is_named = any(placed.step.ref is not None for placed in Outline(start.story).steps)
    return [*_wrong_name(start), *found] if is_named else []


def secret_problems(start: StartStoryRun) -> list[Problem]:
    """Return which secrets the run's steps would lack, and which ones nobody asked for."""
    return [one for placed, work in engram_steps(start) for one in _wrong_secrets(placed, work)]


def step_problems(start: StartStoryRun, name: str) -> list[Problem]:
    """Return everything that keeps one step from being a Job, its secrets included."""
    return [
        problem
        for placed, work in engram_steps(start)
        if placed.name == name
        for problem in (*_wrong_job(placed, work), *_wrong_secrets(placed, work))
    ]


def _wrong_job(placed: Placed, work: Work) -> Iterator[Problem]:
    for message in (*_wrong_worker(work), *wrong_resources(work), *_wrong_pull_policy(work)):
        yield Problem(placed.field("ref"), message)


def _wrong_secrets(placed: Placed, work: Work) -> Iterator[Problem]:
    for message in wrong_secrets(work):
        yield Problem(placed.path, message)


def _wrong_name(start: StartStoryRun) -> Iterator[Problem]:
    """Yield that the run's StepRuns could not refer to it: upstream's kinds allow no dots there."""
    try:
        _NAME.validate_python(start.name)
    except ValidationError:
        message = f"{quoted(start.name)} has a dot, and a run with steps of Engrams may have none"
        yield Problem("metadata.name", message)


def _wrong_worker(work: Work) -> Iterator[str]:
    engram, template = work.engram.metadata.name, work.template.metadata.name
    mode = work.engram.spec.mode or WorkloadMode.JOB
    if mode is not WorkloadMode.JOB:
        yield f"engram {quoted(engram)} runs as a {mode}, and this version runs Jobs only"
    elif WorkloadMode.JOB not in work.template.spec.supported_modes:
        modes = listed(work.template.spec.supported_modes)
        yield f"template {quoted(template)} does not run as a Job but as {modes}"
    if not work.template.spec.image:
        yield f"template {quoted(template)} names no image, and a cluster runs nothing else"


def _wrong_pull_policy(work: Work) -> Iterator[str]:
    policy = pull_policy_of(work)
    if policy not in PULL_POLICIES:
        yield f"the image pull policy {quoted(policy)} is none of {listed(PULL_POLICIES, 'and')}"
