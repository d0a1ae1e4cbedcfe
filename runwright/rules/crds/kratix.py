"""How the API server is to serve Kratix's kinds, and what it refuses of them.

Upstream's definitions leave pipelines free, and a webhook looks into them. Here the schema says
what every pipeline has, and rules in CEL what holds between them. These cannot be said in CEL, and
are found later by the admission rules, which report them on the Promise:

- fields of a pipeline that nobody knows: a schema that named them all would drop the others;
- an interval in an annotation, for of the metadata a rule sees only the name;
- what the API server says of the Job that a pipeline becomes, and of the API as a definition.

A rule is refused by what it could cost at worst; so there is a bound of pipelines and of texts,
beyond any that could run.

Source: Kratix, group `platform.kratix.io/v1alpha1`, and its Promise webhook.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from runwright.models.kratix import (
    API_VERSION,
    LONGEST_ID,
    Promise,
    PromiseRevision,
    ResourceBinding,
    Work,
    WorkflowAction,
    WorkflowType,
)
from runwright.rules.crds.conditions import CONDITION
from runwright.rules.crds.kinds import Column, Kind, Limits, Served, Validation

MOST_PIPELINES: Final = 100
_CATEGORIES: Final = ("kratix",)
_LISTS: Final = tuple(product(WorkflowType, WorkflowAction))
_LABEL_VALUE: Final = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
_LABEL_KEY: Final = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$"
)
_DURATION: Final = r"^([0-9]+(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))+$"

SERVED: Final[Mapping[Kind, Served]] = {
    Kind.PROMISE: Served(
        model=Promise,
        plural="promises",
        short="",
        categories=_CATEGORIES,
        columns=(
            Column("Status", ".status.status"),
            Column("Kind", ".status.kind"),
            Column("API Version", ".status.apiVersion"),
            Column("Version", ".status.version"),
        ),
        scope="Cluster",
    ),
    Kind.PROMISE_REVISION: Served(
        model=PromiseRevision,
        plural="promiserevisions",
        short="",
        categories=_CATEGORIES,
        columns=(
            Column("Promise", ".spec.promiseRef.name"),
            Column("Version", ".spec.version"),
            Column("Latest", ".status.latest", "boolean"),
        ),
        scope="Cluster",
    ),
    Kind.RESOURCE_BINDING: Served(
        model=ResourceBinding,
        plural="resourcebindings",
        short="",
        categories=_CATEGORIES,
        columns=(
            Column("Resource", ".spec.resourceRef.name"),
            Column("Promise", ".spec.promiseRef.name"),
            Column("Desired", ".spec.version"),
            Column("Applied", ".status.lastAppliedVersion"),
        ),
        selectable=(".spec.version",),
    ),
    Kind.WORK: Served(
        model=Work,
        plural="works",
        short="",
        categories=_CATEGORIES,
        columns=(Column("STATUS", '.status.conditions[?(@.type=="Ready")].message'),),
    ),
}


def _of_an_api(spec: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    api, text = f"{spec}.api", {"maxLength": 253}
    yield api, {"x-kubernetes-embedded-resource": True}
    yield f"{api}.apiVersion", {"enum": ["apiextensions.k8s.io/v1"]}
    yield f"{api}.kind", {"enum": ["CustomResourceDefinition"]}
    yield f"{api}.metadata.name", text
    yield f"{api}.spec.scope", {"enum": ["Namespaced"]}
    for name in ("plural", "singular", "kind", "listKind"):
        yield f"{api}.spec.names.{name}", text
    for names in ("shortNames", "categories"):
        yield f"{api}.spec.names.{names}", {"maxItems": 32}
        yield f"{api}.spec.names.{names}[]", text


def _of_pipelines(spec: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for type_, action in _LISTS:
        path = f"{spec}.workflows.{type_}.{action}"
        yield path, {"maxItems": MOST_PIPELINES}
        yield f"{path}[].apiVersion", {"enum": [API_VERSION]}
        yield f"{path}[].kind", {"enum": ["Pipeline"]}
        yield f"{path}[].metadata.name", {"minLength": 1, "maxLength": LONGEST_ID}
        value = {"type": "string", "maxLength": 63, "pattern": _LABEL_VALUE}
        labels = {"maxProperties": 64, "additionalProperties": value}
        yield f"{path}[].metadata.labels", labels


def _of_a_promise(spec: str) -> Limits:
    interval = {"maxLength": 64, "pattern": _DURATION}
    return {
        **dict(_of_an_api(spec)),
        **dict(_of_pipelines(spec)),
        f"{spec}.workflows.config.reconciliationInterval": interval,
    }


LIMITS: Final[Mapping[Kind, Limits]] = {
    Kind.PROMISE: {**CONDITION, **_of_a_promise("spec")},
    Kind.PROMISE_REVISION: {**CONDITION, **_of_a_promise("spec.promiseSpec")},
    Kind.RESOURCE_BINDING: CONDITION,
    Kind.WORK: CONDITION,
}


def _unique_names(pipelines: str) -> Validation:
    return Validation(
        f"spec.{pipelines}",
        "self.all(p, self.exists_one(o, o.metadata.name == p.metadata.name))",
        "the name of a pipeline must be its own in its workflow",
        detail="'%s is the name of more than one pipeline'.format([self.filter(p,"
        " !self.exists_one(o, o.metadata.name == p.metadata.name))[0].metadata.name])",
    )


def _short_ids(type_: WorkflowType, action: WorkflowAction) -> Validation:
    room = LONGEST_ID - len(f"-{type_}-{action}-")
    parts = ("workflows", type_, action)
    paths = (f"self.spec.{'.'.join(parts[:depth])}" for depth in range(1, len(parts) + 1))
    absent = " || ".join(f"!has({path})" for path in paths)
    return Validation(
        "",
        f"{absent} || self.spec.workflows.{type_}.{action}.all(p,"
        f" size(self.metadata.name) + size(p.metadata.name) <= {room})",
        f"PROMISE-{type_}-{action}-PIPELINE must have at most {LONGEST_ID} characters",
    )


def _of_workflows() -> Iterator[Validation]:
    for type_, action in _LISTS:
        yield _unique_names(f"workflows.{type_}.{action}")
        yield _short_ids(type_, action)
        yield Validation(
            f"spec.workflows.{type_}.{action}[].metadata.labels",
            f"self.all(key, key.matches('{_LABEL_KEY}'))",
            "the key of a label must be as NAME or as DOMAIN/NAME",
        )
    yield Validation(
        "spec.workflows.config.reconciliationInterval",
        "duration(self) >= duration('1m')",
        "must be at least 1m",
    )


_FIXED_API: Final = (
    Validation(
        "spec",
        "!has(oldSelf.api) || has(self.api)",
        "the API cannot be removed",
        reason="FieldValueForbidden",
    ),
    Validation(
        "spec.api",
        "self.metadata.name == oldSelf.metadata.name",
        "the name of the API cannot be changed",
        reason="FieldValueForbidden",
    ),
    Validation(
        "spec.api.spec.names",
        "self == oldSelf",
        "the names of the API cannot be changed",
        reason="FieldValueForbidden",
    ),
)

VALIDATIONS: Final[Mapping[Kind, tuple[Validation, ...]]] = {
    Kind.PROMISE: (*_of_workflows(), *_FIXED_API),
    Kind.PROMISE_REVISION: (),
    Kind.RESOURCE_BINDING: (),
    Kind.WORK: (),
}
