"""Names made of other names; the vectors are upstream's, so that both write the same objects."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.rules.naming import compose, compose_ending, label_value


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        pytest.param(("run-a", "fetch-feed"), "run-a-fetch-feed", id="as it is"),
        pytest.param(
            ("a" * 40, "b" * 40),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbb-9bae79691396",
            id="cut",
        ),
        pytest.param(("Run A", "Fetch_Feed!"), "run-a-fetch-feed", id="other characters"),
        pytest.param(("run", "", "--", "step"), "run-step", id="empty parts"),
        pytest.param(("run", "step", "branch"), "run-step-branch", id="three parts"),
        pytest.param(("", "!"), "resource", id="nothing left"),
        pytest.param((), "resource", id="nothing at all"),
        pytest.param(("a" * 31, "b" * 31), f"{'a' * 31}-{'b' * 31}", id="just short enough"),
    ],
)
def test_parts_become_one_label(parts: tuple[str, ...], name: str) -> None:
    assert compose(*parts) == name


def test_a_cut_between_two_parts_leaves_no_double_hyphen() -> None:
    name = compose("a" * 49, "b" * 40)

    assert re.fullmatch(r"a{49}-[0-9a-f]{12}", name)


def test_long_names_that_differ_at_their_ends_stay_apart() -> None:
    assert compose("a" * 70, "one") != compose("a" * 70, "two")


def test_where_one_part_ends_matters_for_long_names() -> None:
    """The digest is over the parts, not over the text that they make together."""
    assert compose("a" * 60, "b", "c") != compose("a" * 60, "b-c")


@given(st.lists(st.text(max_size=50), max_size=4))
def test_every_name_is_a_dns_label(parts: list[str]) -> None:
    name = compose(*parts)

    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= 63


@pytest.mark.parametrize(
    ("run", "name"),
    [
        ("release-1", "release-1-engram-runner"),
        ("Release.1", "release-1-engram-runner"),
        ("r" * 49, f"{'r' * 49}-engram-runner"),
    ],
)
def test_a_suffix_follows_the_name(run: str, name: str) -> None:
    assert compose_ending("engram-runner", run) == name


def test_a_name_that_is_cut_keeps_its_suffix_and_is_told_from_others() -> None:
    first, second = (compose_ending("engram-runner", "r" * 60 + end) for end in "ab")

    assert len(first) == 63
    assert first.startswith("rrr")
    assert first.endswith("-engram-runner")
    assert first != second


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("release-1", "release-1"),
        ("Release_1.0", "Release_1.0"),
        ("a b/c", "a-b-c"),
        ("-a.", "a"),
        ("x" * 63, "x" * 63),
        ("", ""),
    ],
)
def test_a_label_has_its_text_as_far_as_a_label_may(text: str, value: str) -> None:
    assert label_value(text) == value


def test_a_label_that_is_cut_is_told_from_others() -> None:
    first, second = (label_value("x" * 64 + end) for end in "ab")

    assert (len(first), first[:53]) == (63, f"{'x' * 52}-")
    assert first != second
