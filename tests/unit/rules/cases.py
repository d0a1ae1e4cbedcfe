"""Stories by chance, with all that steps can be, and what becomes of each step."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import BRANCH
from tests.unit.rules.stories import story

OUTCOMES: Final = (Phase.SUCCEEDED, Phase.FAILED, Phase.TIMEOUT, Phase.SKIPPED)
SCRIPTS: Final = ((0,), (0,), (1,), (124,), (137, 0), (137,))
"""Exit codes of the tries of a step; the last one also of those after it."""
ENDS: Final = ("Succeeded", "Failed", "Finished", "Aborted", "Skipped")
CONDITIONS: Final = (None, None, "true", "{{ inputs.no }}", "{{ steps.%s.output.ok }}")
TWICE: Final = {"retry": {"maxRetries": 1, "delay": "1ms", "backoff": "constant"}}


class Case(NamedTuple):
    """A Story, what its steps would come to, and a number that orders what runs at a time."""

    story: Story
    phases: Mapping[str, Phase]
    """By full name, of whatever a step is."""
    scripts: Mapping[str, tuple[int, ...]]
    """By full name, of the steps that Engrams do."""
    turn: int


class _Names:
    """The steps that were drawn so far: later ones may need them, so that there is no circle."""

    def __init__(self, draw: st.DrawFn, *, stops: bool) -> None:
        self._draw = draw
        self._stops = stops
        self._listed: list[str] = []
        self.full: list[str] = []

    def section(self, prefix: str, fewest: int, most: int = 4) -> list[dict[str, Any]]:
        """Return steps in any order, each of which may need those drawn before."""
        count = self._draw(st.integers(fewest, most))
        return self._draw(
            st.permutations([self._listed_step(f"{prefix}{n}") for n in range(count)])
        )

    def _listed_step(self, name: str) -> dict[str, Any]:
        kinds = ["engram", "engram", "primitive", "parallel"]
        kind = self._draw(st.sampled_from(kinds))
        fields = self._block(name) if kind == "parallel" else self._plain(kind)
        step = self._with_needs(name, self._listed, fields)
        self._listed.append(name)
        self.full.append(name)
        return step

    def _with_needs(
        self, name: str, before: Sequence[str], fields: dict[str, Any]
    ) -> dict[str, Any]:
        draw = self._draw
        before = tuple(before)  # a strategy keeps what it is given, and the list grows
        needs = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
        condition = draw(st.sampled_from(CONDITIONS))
        if condition and "%s" in condition:
            condition = condition % draw(st.sampled_from(before)) if before else None
        may_fail = {"allowFailure": draw(st.booleans())}
        return {"name": name, "needs": needs, "if": condition, **may_fail, **fields}

    def _plain(self, kind: str) -> dict[str, Any]:
        if kind == "engram":
            return {"ref": {"name": "worker"}, "execution": TWICE}
        return self._draw(st.sampled_from(_PRIMITIVES[: None if self._stops else -len(ENDS)]))

    def _block(self, name: str) -> dict[str, Any]:
        branches: list[dict[str, Any]] = []
        siblings: list[str] = []
        for number in range(self._draw(st.integers(1, 4))):
            kind = self._draw(st.sampled_from(["engram", "engram", "primitive"]))
            before = [*self._listed, *siblings]
            own = f"{name}b{number}"
            branches.append(self._with_needs(own, before, self._plain(kind)))
            siblings.append(own)
        self.full += [f"{name}{BRANCH}{own}" for own in siblings]
        bound = self._draw(st.sampled_from([{}, {"concurrency": 1}, {"concurrency": 2}]))
        return {"type": "parallel", "with": {"steps": branches, **bound}}


_PRIMITIVES: Final[list[dict[str, Any]]] = [
    {"type": "condition"},
    {"type": "sleep", "with": {"duration": "1ms"}},
    {"type": "wait", "with": {"until": "{{ inputs.yes }}"}},
    {"type": "wait", "with": {"until": "{{ inputs.no }}", "timeout": "1ms"}},
    {"type": "gate", "with": {"timeout": "1ms", "onTimeout": "skip"}},
    {"type": "gate", "with": {"timeout": "1ms"}},
    *({"type": "stop", "with": {"phase": phase}} for phase in ENDS),
]


@st.composite
def cases(draw: st.DrawFn, *, stops: bool = True) -> Case:
    """Return a case, with steps of type stop or without."""
    names = _Names(draw, stops=stops)
    steps = names.section("main", 1)
    hooks = {"compensations": names.section("undo", 0, 2), "finally": names.section("last", 0, 2)}
    policy = {"retries": {"continueOnStepFailure": draw(st.booleans())}}
    return Case(
        story(*steps, policy=policy, **hooks),
        {name: draw(st.sampled_from(OUTCOMES)) for name in names.full},
        {name: draw(st.sampled_from(SCRIPTS)) for name in names.full},
        draw(st.integers(0, 5)),
    )
