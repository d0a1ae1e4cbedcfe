"""Circles in graphs, however long the ways in them are."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

_Node = TypeVar("_Node", bound=Hashable)
_Graph = Mapping[_Node, Sequence[_Node]]


def circles(graph: _Graph[_Node]) -> Iterator[Sequence[_Node]]:
    """Yield circles that share no node, each from the node that comes first in the graph."""
    place = {node: index for index, node in enumerate(graph)}
    finished: set[_Node] = set()
    for start in graph:
        if circle := _circle_from(start, graph, finished):
            finished.update(circle)
            first = min(range(len(circle)), key=lambda index: place[circle[index]])
            yield (*circle[first:], *circle[:first])


def _circle_from(start: _Node, graph: _Graph[_Node], finished: set[_Node]) -> Sequence[_Node]:
    """Return the first circle on the ways from a node; empty if there is none.

    Nodes from which none can be reached are finished then. A way may be longer than functions can
    call each other.
    """
    trail = {start: iter(graph[start])} if start not in finished else {}
    while trail:
        node, rest = next(reversed(trail.items()))
        following = next((one for one in rest if one not in finished), None)
        if following is None:
            finished.add(node)
            del trail[node]
        elif following in trail:
            way = list(trail)
            return way[way.index(following) :]
        else:
            trail[following] = iter(graph[following])
    return ()
