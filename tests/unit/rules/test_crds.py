"""CustomResourceDefinitions as they come from the models."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import pytest
from pydantic import AwareDatetime, Field, StrictInt

from runwright.models.base import WireModel
from runwright.models.bubustack import Phase
from runwright.models.durations import GoDuration
from runwright.models.values import Int32, Int64, JsonObject, Natural32, Percent
from runwright.rules.crds import SERVED, Kind, definition, object_schema
from runwright.rules.crds.definitions import part_at
from runwright.rules.crds.structure import structural_schema

_FREE: Final = "x-kubernetes-preserve-unknown-fields"
_STRUCTURAL: Final = {
    *("description", "type", "format", "default", "enum", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "minItems", "maxItems", "items", "properties"),
    *("maxProperties", "additionalProperties", "required", _FREE, "x-kubernetes-list-type"),
    *("x-kubernetes-list-map-keys", "x-kubernetes-validations", "x-kubernetes-embedded-resource"),
}
_WHICH_ENTRY: Final = re.compile(r"\[\?.*?\]")
_LARGEST_ANNOTATIONS: Final = 256 * 1024

each_kind = pytest.mark.parametrize("kind", Kind)


class Inner(WireModel):
    """What is inside.

    And what only developers care about.
    """

    word: str
    on_its_own: int | None = None
    """Said of the field.

    Also further below.
    """


class Outer(WireModel):
    """All shapes there are."""

    said: Inner | None = None
    """Said of this use."""
    unsaid: Inner
    many: tuple[Inner, ...] = Field(default=(), max_length=3)
    by_name: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    free: JsonObject | None = None
    anything: Any = None
    when: AwareDatetime | None = None
    how_long: GoDuration | None = None
    number: Int32 = 0
    larger: Int64 | None = None
    natural: Natural32 | None = None
    percent: Percent | None = None
    unbounded: StrictInt | None = None
    pattern_: Annotated[str, Field(min_length=1, pattern="^a")] | None = Field(
        default=None, validation_alias="pattern", serialization_alias="pattern"
    )
    """Said of what has another name on the wire."""
    phase: Phase = Phase.PENDING
    one_word: Literal["only"] | None = None
    empty: str = ""
    is_set: bool = False


class Ambiguous(WireModel):
    """What no structural schema can say."""

    either: int | str


class Exclusive(WireModel):
    """What no structural schema of ours has."""

    above: Annotated[int, Field(gt=0)]


def _parts(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every part of a schema with its path, the outermost first."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from _parts(part, f"{path}.{name}".removeprefix("."))
    for word, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if word in schema:
            yield from _parts(schema[word], f"{path}{mark}")


def _fields() -> dict[str, Any]:
    properties: dict[str, Any] = structural_schema(Outer)["properties"]
    return properties


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("free", {"type": "object", _FREE: True}),
        ("anything", {_FREE: True}),
        ("when", {"type": "string", "format": "date-time"}),
        ("howLong", {"type": "string"}),
        ("number", {"type": "integer", "format": "int32"}),
        ("larger", {"type": "integer", "format": "int64"}),
        ("natural", {"type": "integer", "format": "int32", "minimum": 0}),
        ("percent", {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100}),
        ("unbounded", {"type": "integer", "format": "int64"}),
        ("oneWord", {"type": "string", "enum": ["only"]}),
        ("empty", {"type": "string"}),
        ("isSet", {"type": "boolean"}),
        (
            "byName",
            {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        ),
        (
            "pattern",
            {
                "description": "Said of what has another name on the wire.",
                "type": "string",
                "pattern": "^a",
                "minLength": 1,
            },
        ),
    ],
)
def test_a_field_is_as_restricted_as_in_its_model(field: str, schema: dict[str, Any]) -> None:
    assert _fields()[field] == schema


def test_an_enumeration_keeps_the_word_that_holds_if_none_is_said() -> None:
    phase = _fields()["phase"]

    assert phase["enum"] == [one.value for one in Phase]
    assert phase["default"] == "Pending"


def test_a_model_within_a_model_is_written_out() -> None:
    many = _fields()["many"]

    assert (many["type"], many["maxItems"]) == ("array", 3)
    assert many["items"]["required"] == ["word"]
    assert many["items"]["properties"]["onItsOwn"]["type"] == "integer"


def test_only_what_has_no_default_is_required() -> None:
    assert structural_schema(Outer)["required"] == ["unsaid"]


def test_a_field_is_described_by_what_is_said_of_it_or_else_of_its_type() -> None:
    """In one line, and without what is for developers."""
    fields = _fields()

    assert fields["said"]["description"] == "Said of this use."
    assert fields["unsaid"]["description"] == "What is inside."
    assert fields["unsaid"]["properties"]["onItsOwn"]["description"] == "Said of the field."
    assert fields["phase"]["description"] == "Where a run or a step is in its life."


def test_a_choice_of_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="knows no choice of shapes"):
        structural_schema(Ambiguous)


def test_a_restriction_that_would_be_lost_is_refused() -> None:
    with pytest.raises(ValueError, match="has no 'exclusiveMinimum'"):
        structural_schema(Exclusive)


@each_kind
def test_every_part_of_a_schema_is_structural(kind: Kind) -> None:
    """Each says its type or is free, and nothing refers to anything."""
    for path, part in _parts(object_schema(kind)):
        assert part.keys() <= _STRUCTURAL, path
        assert ("type" in part) or part[_FREE], path
        assert (part.get("type") == "array") == ("items" in part), path
        assert not {"properties", "additionalProperties"} <= part.keys(), path
        assert set(part.get("required", ())) <= part.get("properties", {}).keys(), path


@each_kind
def test_no_part_is_in_two_places(kind: Kind) -> None:
    """Limits of one place would be those of another, and YAML would have anchors."""
    parts = [id(part) for _, part in _parts(object_schema(kind))]

    assert len(parts) == len(set(parts))


@each_kind
def test_a_definition_fits_into_an_annotation(kind: Kind) -> None:
    """There `kubectl apply` keeps it."""
    assert len(json.dumps(definition(kind))) < _LARGEST_ANNOTATIONS


@each_kind
def test_an_object_needs_a_spec_and_no_status(kind: Kind) -> None:
    schema = object_schema(kind)

    assert schema["required"] == ["spec"]
    assert schema["properties"]["metadata"] == {"type": "object"}
    assert definition(kind)["spec"]["versions"][0]["subresources"] == {"status": {}}


@each_kind
def test_what_is_shown_and_selected_by_exists(kind: Kind) -> None:
    served = SERVED[kind]
    shown = [column.path for column in served.columns if not column.path.startswith(".metadata")]

    for path in (*shown, *served.selectable):
        part = part_at(object_schema(kind), _WHICH_ENTRY.sub("[]", path))
        assert part["type"] in {"string", "integer", "boolean"}


@each_kind
def test_conditions_are_told_apart_by_their_type(kind: Kind) -> None:
    conditions = part_at(object_schema(kind), "status.conditions")

    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (
            Kind.STORY,
            {
                "spec.pattern": "batch",
                "spec.concurrency.mode": "parallel",
                "spec.concurrency.scope": "storyrun",
            },
        ),
        (Kind.ENGRAM, {}),
        (Kind.ENGRAM_TEMPLATE, {}),
        (Kind.STORY_RUN, {"status.gates{}.state": "Pending"}),
        (Kind.STEP_RUN, {"status.error.version": "v1"}),
        (Kind.PROMISE, {}),
        (Kind.PROMISE_REVISION, {}),
        (Kind.RESOURCE_BINDING, {}),
        (Kind.WORK, {}),
    ],
)
def test_the_api_server_fills_in_words_only(kind: Kind, defaults: dict[str, str]) -> None:
    """And never a retry policy: who reads it must see what its author said."""
    found = {
        path: part["default"] for path, part in _parts(object_schema(kind)) if "default" in part
    }

    assert found == defaults


@pytest.mark.parametrize(
    ("kind", "free"),
    [
        (Kind.STORY_RUN, {"spec.inputs", "status.output", "status.error"}),
        (
            Kind.STEP_RUN,
            {
                *("spec.input", "status.output", "status.logs", "status.error.details"),
                *("status.signals", "status.signalEvents[].payload", "status.effects[].details"),
                "spec.executionOverrides.placement.affinity",
                "spec.executionOverrides.placement.tolerations[]",
            },
        ),
    ],
)
def test_what_is_free_keeps_every_field(kind: Kind, free: set[str]) -> None:
    found = {path for path, part in _parts(object_schema(kind)) if _FREE in part}

    assert found == free


@pytest.mark.parametrize("action", ["configure", "delete"])
@pytest.mark.parametrize("workflow", ["promise", "resource"])
def test_a_pipeline_keeps_what_nobody_knows(workflow: str, action: str) -> None:
    """A schema that dropped it would hide from its author what it never does."""
    pipeline = part_at(object_schema(Kind.PROMISE), f"spec.workflows.{workflow}.{action}[]")

    assert pipeline[_FREE]
    assert pipeline["properties"]["spec"][_FREE]


@pytest.mark.parametrize("kind", [Kind.PROMISE, Kind.RESOURCE_BINDING, Kind.WORK])
def test_a_kind_of_kratix_is_called_by_its_whole_name(kind: Kind) -> None:
    """As upstream: its kinds have no short names, and one category."""
    names = definition(kind)["spec"]["names"]

    assert "shortNames" not in names
    assert names["categories"] == ["kratix"]


@pytest.mark.parametrize("field", ["with", "runtime"])
@pytest.mark.parametrize("steps", ["steps", "compensations", "finally"])
def test_what_a_step_passes_on_is_free(steps: str, field: str) -> None:
    assert part_at(object_schema(Kind.STORY), f"spec.{steps}[].{field}")[_FREE]


def test_no_status_of_a_step_run_is_written_without_its_retries() -> None:
    """As upstream, whose SDK counts on it."""
    assert part_at(object_schema(Kind.STEP_RUN), "status")["required"] == ["retries"]


@pytest.mark.parametrize("kind", [Kind.STORY_RUN, Kind.STEP_RUN])
def test_a_run_has_the_phases_of_the_specification(kind: Kind) -> None:
    phase = part_at(object_schema(kind), "status.phase")

    assert phase["enum"] == [one.value for one in Phase]


def test_a_path_that_leads_nowhere_is_refused() -> None:
    """A limit or a rule in the wrong place would be none."""
    with pytest.raises(KeyError, match="stepz"):
        part_at(object_schema(Kind.STORY), "spec.stepz[].name")


def test_a_definition_is_named_as_the_api_server_demands() -> None:
    names = [definition(kind)["metadata"]["name"] for kind in Kind]

    assert names == [
        "stories.bubustack.io",
        "engrams.bubustack.io",
        "engramtemplates.catalog.bubustack.io",
        "storyruns.runs.bubustack.io",
        "stepruns.runs.bubustack.io",
        "promises.platform.kratix.io",
        "promiserevisions.platform.kratix.io",
        "resourcebindings.platform.kratix.io",
        "works.platform.kratix.io",
    ]
