"""What this version does not do is said before a run starts, never silently left out."""

from typing import Any

import pytest

from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import limitations, unsupported_problems
from tests.unit.rules.stories import engram, primitive, story


@pytest.mark.parametrize(
    ("step", "path"),
    [
        pytest.param(engram("a", secrets={"key": "x"}), "spec.steps[0].secrets", id="secrets"),
        pytest.param(
            primitive("parallel", steps=[engram("b", secrets={"key": "x"})]),
            "spec.steps[0].with.steps[0].secrets",
            id="secrets of a branch",
        ),
    ],
)
def test_what_would_be_another_run_without_it_is_refused(step: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in unsupported_problems(story(step))] == [path]


def test_secrets_are_a_matter_of_clusters() -> None:
    one = story(engram("a", secrets={"key": "x"}))

    (problem,) = unsupported_problems(one, Backend.LOCAL)

    assert (
        problem.message == "a step gets its secrets in a cluster only, and is not run without them"
    )
    assert unsupported_problems(one, Backend.KUBERNETES) == []


def test_a_realtime_story_is_refused() -> None:
    (problem,) = unsupported_problems(story(engram("a"), pattern="realtime"))

    assert problem.path == "spec.pattern"


@pytest.mark.parametrize(
    ("step", "policy", "path"),
    [
        pytest.param(engram("a"), {"queue": "x"}, "spec.policy.queue", id="queue"),
        pytest.param(engram("a"), {"concurrency": 2}, "spec.policy.concurrency", id="concurrency"),
        pytest.param(
            engram("a", execution={"cache": {"enabled": True}}),
            {},
            "spec.steps[0].execution.cache",
            id="cache",
        ),
        pytest.param(
            engram("a", execution={"maxInlineSize": 5}),
            {},
            "spec.steps[0].execution.maxInlineSize",
            id="inline size",
        ),
        pytest.param(
            engram("a", runtime={"when": "always"}), {}, "spec.steps[0].runtime", id="runtime"
        ),
        pytest.param(
            primitive("gate", approval={"users": ["ada"]}),
            {},
            "spec.steps[0].with.approval",
            id="only the verified may decide",
        ),
        pytest.param(
            primitive("gate", approval={"groups": ["ops"], "identity": "claimed"}),
            {},
            "spec.steps[0].with.approval",
            id="only groups may decide",
        ),
    ],
)
def test_what_changes_nothing_is_a_warning(
    step: dict[str, Any], policy: dict[str, Any], path: str
) -> None:
    odd = story(step, policy=policy)

    assert unsupported_problems(odd) == []
    assert [problem.path for problem in limitations(odd)] == [path]


def test_a_story_within_this_version_is_not_remarked_upon() -> None:
    plain = story(
        engram("a", idempotencyKeyTemplate="x"),
        primitive("gate", approval={"users": ["a"], "identity": "claimed"}),
    )

    assert limitations(plain) == []
