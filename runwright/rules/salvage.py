"""Models of documents that are partly wrong.

What is wrong in one place must not hide what is wrong in another. So a document that its model
refuses is taken apart: what is wrong is reported and cut out until the model takes the rest, and
the rules judge that.
"""

import copy
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeGuard, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runwright.errors import Problem
from runwright.models.base import WireModel
from runwright.rules.shapes import is_list, is_object
from runwright.rules.translation import complaint, place
from runwright.rules.wording import is_within

_ROUNDS: Final = 12
_STEP_LISTS: Final = frozenset({"steps", "compensations", "finally"})

M = TypeVar("M", bound=WireModel)
Location = tuple[str | int, ...]


@dataclass
class Salvage(Generic[M]):
    """What is left of a document, and what is wrong with the rest."""

    model: M | None = None
    problems: list[Problem] = field(default_factory=list[Problem])
    broken: list[str] = field(default_factory=list[str])
    """The paths that were cut out."""
    unreadable: set[str] = field(default_factory=set[str])
    """The names of steps that have no valid name."""

    def is_echo(self, problem: Problem) -> bool:
        """Return whether a problem only says again that something was cut out."""
        return any(_echoes(problem.path, broken) for broken in self.broken)


def salvage(model: type[M], document: Mapping[str, Any]) -> Salvage[M]:
    """Return what the model makes of a document after everything wrong is cut out."""
    result = Salvage[M]()
    rest = copy.deepcopy(dict(document))
    for _ in range(_ROUNDS):
        try:
            result.model = model.model_validate(rest, by_alias=True, by_name=False)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if not _cut_all(rest, [each for each in details if not _is_noise(each)], result):
                break
        else:
            break
    return result


def _cut_all(document: Any, details: Iterable[ErrorDetails], result: Salvage[Any]) -> bool:
    """Report what is wrong, unless that was done, and cut it out; return whether that worked."""
    cut: list[str] = []
    for detail in details:
        location = detail["loc"]
        if detail["input"] is None and _drop(document, location):
            continue  # null is as good as absent; if it may not be, the next round says so
        problem = Problem(place(location), complaint(detail))
        if not _within_any(problem.path, result.broken):
            result.problems.append(problem)
        if not _within_any(problem.path, cut):
            gone = _cut_step(document, location, result) or _cut_field(document, location)
            if not gone:
                return False
            cut.append(place(gone))
    result.broken.extend(cut)
    return True


def _within_any(path: str, others: Iterable[str]) -> bool:
    return any(is_within(path, other) for other in others)


def _echoes(path: str, broken: str) -> bool:
    step, _, cut_field = broken.rpartition(".")
    if is_within(path, broken) or (path == step and step.endswith("]")):
        return True
    return cut_field == "needs" and ".requires[" in path


def _is_noise(detail: ErrorDetails) -> bool:
    """Return whether a list has too few entries only because pydantic left out the wrong ones."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _drop(document: Any, location: Location) -> bool:
    holder = _at(document, location[:-1])
    if not _is_mutable(holder) or location[-1] not in holder:
        return False
    del holder[location[-1]]
    return True


def _cut_field(document: Any, location: Location) -> Location:
    """Remove the smallest thing around a location that can be removed; return its location.

    From a list nothing is taken: the paths of what follows would no longer be right.
    """
    while location and not _drop(document, location):
        location = location[:-1]
    return location


def _cut_step(document: Any, location: Location, result: Salvage[Any]) -> Location:
    """Mend a step, whose place in its list must remain; return the location of what was mended."""
    match location:
        case ("spec", str(section), int(index), *rest) if section in _STEP_LISTS:
            pass
        case _:
            return ()
    steps: Any = _at(document, ("spec", section))
    step: Any = steps[index]
    placeholder = f"unreadable-{section}-{index}"
    if not _is_mutable(step) or not rest:
        steps[index] = {"name": placeholder}
        return location[:3]
    if rest[0] == "name":
        if isinstance(step.get("name"), str | int):
            result.unreadable.add(str(step["name"]))
        step["name"] = placeholder
    else:
        step.pop(str(rest[0]), None)
    return location[:4]


def _at(document: Any, location: Collection[str | int]) -> Any:
    value: Any = document
    for key in location:
        if is_object(value) and key in value:
            value = value[str(key)]
        elif is_list(value) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _is_mutable(value: object) -> TypeGuard[MutableMapping[str | int, Any]]:
    return isinstance(value, MutableMapping)
