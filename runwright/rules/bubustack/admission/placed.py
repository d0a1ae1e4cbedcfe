"""The steps of a Story and where they stand."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from runwright.models.bubustack import Step, Story, StorySpec
from runwright.models.story_run import Section

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
        """The step's name."""
        return self.step.name

    def field(self, name: str) -> str:
        """Return the path of one of the step's fields."""
        return f"{self.path}.{name}"


class Outline:
    """All steps of a Story by name, and which of them a step may refer to.

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
        """Return the names of the other steps that a step may need, in the order of the Story.

        Source: bobrapet, Story webhook.
        """
        reach = _REACH[placed.section]
        return [
            name
            for name, section in self._sections.items()
            if section in reach and name != placed.name
        ]

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
        Placed(step, section, f"spec.{section}[{index}]")
        for section, steps in lists
        for index, step in enumerate(steps)
    )
