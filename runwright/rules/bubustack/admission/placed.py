"""The steps of a Story and where they stand."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from runwright.models.bubustack import Step, Story, StorySpec
from runwright.models.story_run import BRANCH, Section
from runwright.rules.bubustack.branches import (
    block_of,
    branches_of,
    entries_of,
    own_name,
    read_branch,
)

_REACH: Final = {
    Section.MAIN: (Section.MAIN,),
    Section.COMPENSATIONS: (Section.MAIN, Section.COMPENSATIONS),
    Section.FINALLY: (Section.MAIN, Section.COMPENSATIONS, Section.FINALLY),
}


class Placed(NamedTuple):
    """A step, the list it is in, and its path."""

    step: Step
    section: Section
    path: str

    @property
    def name(self) -> str:
        """The step's name; a branch's with that of its block before it."""
        return self.step.name

    @property
    def block(self) -> str:
        """The parallel step that it is a branch of; empty: of none."""
        return block_of(self.name)

    def as_written(self, name: str) -> str:
        """Return how this step writes the name of another."""
        return name.removeprefix(f"{self.block}{BRANCH}") if self.block else name

    def field(self, name: str) -> str:
        """Return the path of one of the step's fields."""
        return f"{self.path}.{name}"


class Outline:
    """All steps of a Story by name, branches too, and which of them a step may refer to.

    `unreadable` are names of steps that exist in the document and break a rule of their own, so
    that nobody is told of them a second time.
    """

    def __init__(self, story: Story, unreadable: Collection[str] = ()) -> None:
        self.story = story
        self.steps = _placed(story.spec)
        self.unreadable = frozenset(unreadable)
        self._sections: dict[str, Section] = {}
        for placed in self.steps:
            self._sections.setdefault(placed.name, placed.section)

    @property
    def spec(self) -> StorySpec:
        """The Story's spec."""
        return self.story.spec

    def within_reach(self, placed: Placed) -> list[str]:
        """Return the names of the other steps that a step may need, in the order of the Story."""
        return [name for name in self._sections if self.reaches(placed, name)]

    def reaches(self, placed: Placed, name: str) -> bool:
        """Return whether a step may need the step of that full name.

        A branch may need the other branches of its block, and what its block may need.

        Source: bobrapet, Story webhook.
        """
        return (
            self._sections.get(name) in _REACH[placed.section]
            and name not in {placed.name, placed.block}
            and block_of(name) in {"", placed.block}
        )

    def block_with(self, branch: str) -> str:
        """Return the first parallel step that has a branch of that name; empty if none has."""
        blocks = (one.block for one in self.steps if one.block and own_name(one.name) == branch)
        return next(blocks, "")

    def named_by(self, placed: Placed | None, written: str) -> str:
        """Return the full name of the step that another one, or the run's output, writes so."""
        block = self.block_with(written) if placed is None else placed.block
        full = f"{block}{BRANCH}{written}"
        is_branch = block and full in self._sections
        if placed is None and written in self._sections:
            return written
        return full if is_branch else written

    def knows(self, name: str) -> bool:
        """Return whether there is a step of that name, readable or not."""
        return name in self._sections or name in self.unreadable

    def section_of(self, name: str) -> Section | None:
        """Return the list that a step is in; None for an unreadable or unknown one."""
        return self._sections.get(name)

    def in_section(self, section: Section) -> list[Placed]:
        """Return the steps of one list."""
        return [placed for placed in self.steps if placed.section is section]


def _placed(spec: StorySpec) -> tuple[Placed, ...]:
    lists: tuple[tuple[Section, Iterable[Step]], ...] = (
        (Section.MAIN, spec.steps),
        (Section.COMPENSATIONS, spec.compensations),
        (Section.FINALLY, spec.finally_),
    )
    return tuple(
        placed
        for section, steps in lists
        for index, step in enumerate(steps)
        for placed in _with_branches(Placed(step, section, f"spec.{section}[{index}]"))
    )


def _with_branches(placed: Placed) -> Iterator[Placed]:
    yield placed
    positions = (index for index, entry in entries_of(placed.step) if read_branch(entry))
    for index, branch in zip(positions, branches_of(placed.step), strict=True):
        yield Placed(branch, placed.section, placed.field(f"with.steps[{index}]"))
