"""What the pods of a run may do in their cluster."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from runwright.models.bubustack import PolicyRule
from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.jobs.labels import labels_of_run, owners_of_run
from runwright.rules.bubustack.jobs.steps import engram_steps
from runwright.rules.bubustack.jobs.work import Work, runner_of

_RUNS: Final = "runs.bubustack.io"
_RBAC: Final = "rbac.authorization.k8s.io"
_EVERYTHING: Final = "*"
_NEVER: Final = frozenset({"escalate", "bind", "impersonate"})
"""Verbs by which rights beget rights."""
_READABLE: Final = ("configmaps", "secrets")
"""What the author of a Story may let its pods read."""


def access_of(start: StartStoryRun) -> tuple[Manifest, ...]:
    """Return ServiceAccount, Role and RoleBinding of a run, in the order they are made.

    There are none where no step is done by an Engram.

    Source: BubuStack, per-run RBAC.
    """
    works = [work for _, work in engram_steps(start)]
    if not works:
        return ()
    name = runner_of(start)
    account = {"kind": "ServiceAccount", "name": name, "namespace": start.namespace}
    role = {"apiGroup": _RBAC, "kind": "Role", "name": name}
    return (
        _object(start, "v1", "ServiceAccount"),
        {**_object(start, f"{_RBAC}/v1", "Role"), "rules": _rules(works)},
        {
            **_object(start, f"{_RBAC}/v1", "RoleBinding"),
            "subjects": [account],
            "roleRef": role,
        },
    )


def _object(start: StartStoryRun, api_version: str, kind: str) -> Manifest:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": runner_of(start),
            "namespace": start.namespace,
            "labels": labels_of_run(start),
            "ownerReferences": owners_of_run(start),
        },
    }


def _rules(works: Iterable[Work]) -> list[dict[str, Any]]:
    """Return each rule once: those that every SDK needs, of the templates, of the authors."""
    found = [
        *_reporting(sorted({work.name for work in works})),
        *(rule for work in works for rule in _of_template(work)),
        *(rule for work in works for rule in _of_authors(work)),
    ]
    once = {rule.model_dump_json(): rule for rule in found}
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
