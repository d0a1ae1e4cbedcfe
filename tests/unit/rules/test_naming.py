"""Names made of other names; the vectors are upstream's, so that both write the same objects."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.rules.naming import compose


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
