"""What a label selector may be."""

import pytest

from runwright.rules.kubernetes.selectors import selector_problems


@pytest.mark.parametrize(
    "selector",
    [
        *("", "  ", "team", "!team", "! team", "team=data", "team==data", "team!=data"),
        *("team=", "team = data , tier", "team=,tier", "example.org/team=data"),
        *("team in (a)", "team in(a,b)", "team notin ( a , b )", "team in (a,,b)", "team notin ()"),
        *("in in (in)", "team in (a),tier in (b,c),!hidden", "size > 1", "size<20"),
    ],
)
def test_what_the_api_server_reads_is_a_selector(selector: str) -> None:
    assert list(selector_problems(selector)) == []


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("team in (", '"team in (" is not understood; there are KEY, !KEY, KEY=VALUE'),
        ("!!", '"!!" is not understood'),
        ("team in (a", '"team in (a" is not understood'),
        ("team in", '"team in" is not understood'),
        ("in (a)", '"in (a)" is not understood'),
        ("team within (a)", '"team within (a)" is not understood'),
        ("team===data", '"team===data" is not understood'),
        ("!team=data", '"!team=data" is not understood'),
        ("team=a b", '"team=a b" is not understood'),
        ("size > big", '"size > big" is not understood'),
        ("team=data,", "there is nothing before, or after, a comma"),
        (",team", "there is nothing before, or after, a comma"),
        ("-team=data", '"-team" is no key of a label, which is as NAME or as DOMAIN/NAME'),
        ("a/b/c", '"a/b/c" is no key of a label'),
        ("team=da/ta", '"da/ta" is no value of a label'),
        ("team in (a, b c)", '"b c" is no value of a label'),
    ],
)
def test_what_it_does_not_read_is_told(selector: str, said: str) -> None:
    (problem,) = selector_problems(selector)

    assert problem.startswith(said)


def test_every_problem_is_told() -> None:
    assert len(list(selector_problems("!!,-a=b,c=d/"))) == 3
