"""What the pods of a run may do in their cluster."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from runwright.models.bubustack import PolicyRule
from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.bubustack.branches import step_run_name
from runwright.rules.bubustack.jobs.labels import labels_of_run, owners_of_run
from runwright.rules.bubustack.jobs.steps import engram_steps
from runwright.rules.bubustack.jobs.work import RUNNER, Work, runner_of
from runwright.rules.kubernetes.advice import ACCOUNT, VOLUME
from runwright.rules.naming import compose_ending

_RUNS: Final = "runs.bubustack.io"
_RBAC: Final = "rbac.authorization.k8s.io"
_DIGEST: Final = 10
_EVERYTHING: Final = "*"
_NEVER: Final = frozenset({"escalate", "bind", "impersonate"})
"""Verbs by which rights beget rights."""
_LACKING: Final = {
    ACCOUNT.summary: "/{}:",
    VOLUME.summary: 'serviceaccounts "{}" not found',
}
"""How a diagnosis names an account that is not there."""
_READABLE: Final = ("configmaps", "secrets")
"""What the author of a Story may let its pods read."""


def access_of(start: StartStoryRun) -> tuple[Manifest, ...]:
    """Return ServiceAccount, Role and RoleBinding of a run, in the order they are made.

    There are none where no step is done by an Engram. Every step may report, also one whose Engram
    is not there yet; what that or its template asks for besides is `added_access`.

    Source: BubuStack, per-run RBAC.
    """
    step_runs = sorted(_step_runs(start))
    if not step_runs:
        return ()
    name = runner_of(start)
    account = _object(start, "v1", "ServiceAccount", name)
    asked = [rule for _, work in engram_steps(start) for rule in _asked_by(work)]
    return (account, *_granted(start, name, _once((*_reporting(step_runs), *asked))))


def added_access(given: StartStoryRun, work: Work) -> tuple[Manifest, ...]:
    """Return a Role of a step's own and its RoleBinding, for what the run's Role lacks; or none.

    `given` is what that Role was made from: an Engram or a template that came later is not in it.
    Rights are added by other objects, never by changing one. These have the name of what they
    grant, so that what an earlier execution was granted by them is not taken for it.
    """
    known = [rule for _, work in engram_steps(given) for rule in _asked_by(work)]
    rules = [rule for rule in _once(_asked_by(work)) if rule not in _once(known)]
    if not rules:
        return ()
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
    name = compose_ending(RUNNER, given.name, digest[:_DIGEST])
    return _granted(given, name, rules)


def lacks_account(start: StartStoryRun, diagnosis: Diagnosis | None) -> bool:
    """Return whether a task cannot start because the run's own ServiceAccount is not there.

    Its pod is not admitted, or was, and has no token now. An account that a policy names is its
    author's to make.
    """
    if diagnosis is None:
        return False
    told = _LACKING.get(diagnosis.summary)
    return told is not None and told.format(runner_of(start)) in diagnosis.detail


def _step_runs(start: StartStoryRun) -> set[str]:
    """Return the names of the StepRuns of all steps that Engrams do."""
    steps = (placed.step for placed in Outline(start.story).steps)
    return {step_run_name(start.name, step.name) for step in steps if step.ref is not None}


def _granted(start: StartStoryRun, name: str, rules: list[dict[str, Any]]) -> tuple[Manifest, ...]:
    """Return a Role of that name, and what binds it to the run's ServiceAccount."""
    account = {"kind": "ServiceAccount", "name": runner_of(start), "namespace": start.namespace}
    return (
        {**_object(start, f"{_RBAC}/v1", "Role", name), "rules": rules},
        {
            **_object(start, f"{_RBAC}/v1", "RoleBinding", name),
            "subjects": [account],
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": name},
        },
    )


def _object(start: StartStoryRun, api_version: str, kind: str, name: str) -> Manifest:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": start.namespace,
            "labels": labels_of_run(start),
            "ownerReferences": owners_of_run(start),
        },
    }


def _asked_by(work: Work) -> Iterator[PolicyRule]:
    yield from _of_template(work)
    yield from _of_authors(work)


def _once(rules: Iterable[PolicyRule]) -> list[dict[str, Any]]:
    once = {rule.model_dump_json(): rule for rule in rules}
    return [rule.model_dump(mode="json", exclude_none=True) for rule in once.values()]


def _reporting(step_runs: list[str]) -> tuple[PolicyRule, ...]:
    """Return what an SDK needs to report: its own run's StepRuns by name, and no others.

    Upstream allows all StepRuns of the namespace. A watch is allowed where it selects one by its
    name, which is how an SDK follows its own. The name of an EffectClaim is not known beforehand.
    The rules for TransportBindings are left out: this version makes none.
    """
    own = {"api_groups": (_RUNS,), "resource_names": tuple(step_runs)}
    return (
        PolicyRule(resources=("stepruns",), verbs=("get", "watch"), **own),
        PolicyRule(resources=("stepruns/status",), verbs=("patch", "update"), **own),
        PolicyRule(
            api_groups=(_RUNS,), resources=("effectclaims",), verbs=("get", "create", "update")
        ),
    )


def _of_template(work: Work) -> Iterator[PolicyRule]:
    """Yield what a template asks for by name; whoever installs templates governs the cluster."""
    for rule in (work.advice.rbac.rules if work.advice.rbac else None) or ():
        verbs = tuple(verb for verb in rule.verbs if verb not in _NEVER)
        if verbs and rule.resources and not _is_wild(rule):
            yield rule.model_copy(
                update={
                    "verbs": verbs,
                    "api_groups": rule.api_groups or ("",),
                    "non_resource_urls": None,  # no Role can grant those
                }
            )


def _of_authors(work: Work) -> Iterator[PolicyRule]:
    """Yield what authors of Engrams and Stories may add: to get ConfigMaps and Secrets."""
    for overrides in work.overrides:
        for rule in (overrides.rbac.rules if overrides.rbac else None) or ():
            resources = tuple(kind for kind in _READABLE if kind in (rule.resources or ()))
            is_core = "" in (rule.api_groups or ("",))
            if resources and is_core and "get" in rule.verbs and not _is_wild(rule):
                yield PolicyRule(
                    api_groups=("",),
                    resources=resources,
                    verbs=("get",),
                    resource_names=rule.resource_names,
                )


def _is_wild(rule: PolicyRule) -> bool:
    named = (*rule.verbs, *(rule.api_groups or ()), *(rule.resources or ()))
    return any(_EVERYTHING in name for name in named)
