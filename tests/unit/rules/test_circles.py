"""Circles in graphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.rules.circles import circles

FAR = 5_000
graphs = st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3)).map(
    lambda graph: {
        node: [one for one in following if one in graph] for node, following in graph.items()
    }
)


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({1: [2], 2: []}, [], id="a way"),
        pytest.param({1: [1]}, [(1,)], id="one that leads to itself"),
        pytest.param({1: [2], 3: [1], 2: [3]}, [(1, 2, 3)], id="from the first of them"),
        pytest.param({1: [2], 2: [3], 3: [2]}, [(2, 3)], id="without what leads there"),
        pytest.param({1: [2], 2: [1], 3: [4], 4: [3, 1]}, [(1, 2), (3, 4)], id="two"),
    ],
)
def test_a_circle_is_shown_from_its_first_node(
    graph: dict[int, list[int]], found: list[tuple[int, ...]]
) -> None:
    assert list(circles(graph)) == found


@pytest.mark.parametrize("last", [[], [0]], ids=["a way", "a circle"])
def test_a_way_may_be_longer_than_functions_can_call_each_other(last: list[int]) -> None:
    graph = {node: [node + 1] for node in range(FAR)} | {FAR: last}

    assert [len(circle) for circle in circles(graph)] == ([FAR + 1] if last else [])


@given(graphs)
def test_where_no_circle_is_found_the_nodes_can_be_put_in_an_order(
    graph: dict[int, list[int]],
) -> None:
    found = list(circles(graph))

    left = dict(graph)
    while free := [node for node, following in left.items() if not {*following} & {*left}]:
        left = {node: following for node, following in left.items() if node not in free}
    assert bool(found) == bool(left)
    for circle in found:
        ends = zip(circle, (*circle[1:], circle[0]), strict=True)
        assert all(following in graph[node] for node, following in ends)
