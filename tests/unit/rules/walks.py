"""Runs by the rules alone, as the workflow makes them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from runwright.models.bubustack import Phase, Step, StepType
from runwright.models.story_run import Section, StepProgress, StoryRunState
from runwright.rules.bubustack import dag, progress, verdicts
from runwright.rules.bubustack.branches import branches_of, steps_of
from runwright.rules.bubustack.dag import Dag, Graph, Skip, needless_compensations
from runwright.rules.bubustack.primitives import Stop, concurrency_of, stop_of
from runwright.rules.bubustack.verdicts import Ending, ending_of, needs_mending
from tests.unit.rules.cases import Case
from tests.unit.rules.states import NOW, start_of


class Walked(NamedTuple):
    """A graph that is gone through: a list of steps, or the branches of a block."""

    graph: Graph
    most: int
    block: str = ""


class Walk:
    """A run of a case: what each step comes to, the case says."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.state: StoryRunState = progress.started(start_of(case.story), NOW)
        self.launched: dict[str, Mapping[str, StepProgress]] = {}
        """What each step that ran saw of the others when it started."""
        self.most_at_once: dict[str, int] = {}
        """How many branches of each block ran at a time."""
        self.stops: dict[Section, Stop] = {}
        self._dag = Dag(case.story)
        self._walked: list[Walked] = []
        self._running: list[Step] = []

    def to_its_end(self) -> Ending:
        """Run every section that is to run."""
        self._run(Section.MAIN)
        stop = self.stops.get(Section.MAIN)
        if needs_mending(self.case.story, self.state.steps, stop):
            self._run(Section.COMPENSATIONS)
        else:
            self._skip(needless_compensations(self.case.story))
        self._run(Section.FINALLY)
        return ending_of(self.case.story, self.state, stop=stop)

    def steps(self, section: Section) -> list[Step]:
        """Return the steps of a list, each block followed by its branches if it has started."""
        listed = steps_of(self.case.story, section)
        both = (one for step in listed for one in (step, *branches_of(step)))
        return [step for step in both if step.name in self.state.steps]

    def _run(self, section: Section) -> None:
        count = len(steps_of(self.case.story, section))
        self._walked = [Walked(self._dag.section(section), max(count, 1))]
        while self._moves() or self._running:
            if section in self.stops:
                self._end_early(section, verdicts.stopped_by(self.stops[section]))
                return
            if self._running:
                self._end(self._running.pop(self.case.turn % len(self._running)), section)

    def _moves(self) -> bool:
        """Start and skip what may be; return whether that changed anything."""
        before = self.state
        for walked in list(self._walked):
            while (moves := walked.graph.next_moves(self.state.steps)).skipped:
                self._skip(moves.skipped)
            room = walked.most - self._at_once(walked)
            for step in moves.ready[: max(room, 0)]:
                self._launch(step)
            if walked.block:
                known = self.most_at_once.get(walked.block, 0)
                self.most_at_once[walked.block] = max(known, self._at_once(walked))
        self._join()
        return self.state is not before

    def _at_once(self, walked: Walked) -> int:
        names = {step.name for step in walked.graph}
        return sum(step.name in names for step in self._running)

    def _launch(self, step: Step) -> None:
        assert step.name not in self.launched
        self.launched[step.name] = self.state.steps
        self._set(progress.launched(self.state.steps[step.name], 1, NOW))
        if step.type is not StepType.PARALLEL:
            self._running.append(step)
            return
        graph, one = self._dag.block(step), self.state.steps[step.name]
        self.state = self.state.model_copy(
            update={"steps": progress.expanded(self.state, one, graph)}
        )
        bound = concurrency_of(step.with_ or {})
        self._walked.append(Walked(graph, bound or len(list(graph)), step.name))

    def _join(self) -> None:
        """End the blocks whose branches are all over."""
        for walked in [one for one in self._walked if one.block]:
            branches = [self.state.steps[step.name] for step in walked.graph]
            if all(branch.is_over for branch in branches):
                self._walked.remove(walked)
                self._set(progress.joined(self.state.steps[walked.block], branches, NOW))

    def _end(self, step: Step, section: Section) -> None:
        if step.type is StepType.STOP:
            self.stops[section] = stop_of(step.name, step.with_ or {})
            phase = self.stops[section].phase
        else:
            phase = self.case.phases[step.name]
        self._set(progress.ended(self.state.steps[step.name], phase, "", NOW))

    def _end_early(self, section: Section, why: dag.Interruption) -> None:
        self._running.clear()
        self._skip(dag.rest(self.state.steps, [section], why))
        for step in self.steps(section):
            one = self.state.steps[step.name]
            if one.is_running:
                self._set(progress.ended(one, Phase.CANCELED, why.message, NOW, why.reason))

    def _skip(self, skips: Iterable[Skip]) -> None:
        for skip in skips:
            step = self.state.steps[skip.step]
            assert step.phase is None
            self._set(progress.skipped(step, skip, NOW))

    def _set(self, step: StepProgress) -> None:
        assert not self.state.steps[step.name].is_over
        self.state = progress.with_step(self.state, step)
