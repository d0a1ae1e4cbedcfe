"""Whether everything that a run needs is there."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from runwright.errors import Problem
from runwright.models.bubustack import Engram, EngramTemplate, Step, StepType, Story, StoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import engram_problems, story_run_problems
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.commands import LOCAL_COMMAND, words_of
from runwright.rules.manifests.bundle import DEFAULT_NAMESPACE, Bundle, Key
from runwright.rules.schemas import violations, with_defaults
from runwright.rules.shapes import is_object
from runwright.rules.wording import child, quoted, suggestion


def missing_references(bundle: Bundle, story_run: StoryRun) -> list[Problem]:
    """Return what keeps a StoryRun from being run here, out of the objects of a bundle.

    That is a Story, an Engram or an EngramTemplate that is not there, a template without a local
    command, and values that do not fit the schemas of the others.
    """
    return list(dict.fromkeys(_Resolution(bundle, Backend.LOCAL).of_run(story_run)))


class Resolved(NamedTuple):
    """What is wrong with what a run leads to."""

    problems: list[Problem]
    absent: list[Problem]
    """An object each that the bundle does not have."""


def resolved(bundle: Bundle, story_run: StoryRun, backend: Backend) -> Resolved:
    """Return what keeps a StoryRun from being run there, and what it needs besides the bundle."""
    walk = _Resolution(bundle, backend)
    found = dict.fromkeys(walk.of_run(story_run))
    return Resolved(
        problems=[problem for problem in found if problem not in walk.absent],
        absent=[problem for problem in found if problem in walk.absent],
    )


class _Resolution:
    """One walk over everything that a run leads to."""

    def __init__(self, bundle: Bundle, backend: Backend) -> None:
        self.absent: set[Problem] = set()
        """Those of the problems that an object is not there."""
        self._bundle = bundle
        self._backend = backend
        self._walked: set[Key] = set()

    def of_run(self, run: StoryRun) -> Iterator[Problem]:
        namespace = run.metadata.namespace or DEFAULT_NAMESPACE
        reference = run.spec.story_ref
        key = (reference.namespace or namespace, reference.name)
        story = self._bundle.stories.get(key)
        for problem in story_run_problems(run, story):
            yield self._mark(problem, run)
        if story is not None:
            yield from self._of_story(key, story)
        else:
            message = _missing("Story", key, self._bundle.stories)
            yield self._absent(Problem("spec.storyRef.name", message), run)

    def _of_story(self, key: Key, story: Story) -> Iterator[Problem]:
        if key in self._walked:
            return
        self._walked.add(key)
        for placed in Outline(story).steps:
            if placed.step.ref is not None:
                yield from self._of_engram_step(key, story, placed)
            elif placed.step.type is StepType.EXECUTE_STORY:
                yield from self._of_story_step(key, story, placed)

    def _of_story_step(self, key: Key, story: Story, placed: Placed) -> Iterator[Problem]:
        reference = (placed.step.with_ or {}).get("storyRef")
        if not is_object(reference):
            return
        target = (str(reference.get("namespace") or key[0]), str(reference.get("name")))
        executed = self._bundle.stories.get(target)
        if executed is None:
            message = _missing("Story", target, self._bundle.stories)
            yield self._absent(Problem(placed.field("with.storyRef.name"), message), story)
        else:
            yield from self._of_story(target, executed)

    def _of_engram_step(self, key: Key, story: Story, placed: Placed) -> Iterator[Problem]:
        reference = placed.step.ref
        if reference is None:
            return
        target = (reference.namespace or key[0], reference.name)
        engram = self._bundle.engrams.get(target)
        if engram is None:
            message = _missing("Engram", target, self._bundle.engrams)
            yield self._absent(Problem(placed.field("ref.name"), message), story)
            return
        template = self._bundle.engram_templates.get(engram.spec.template_ref.name)
        if template is None:
            yield self._missing_template(engram)
            return
        yield from self._of_template(template)
        yield from (self._mark(each, engram) for each in engram_problems(engram, template))
        for problem in _input_problems(placed, engram, template):
            yield self._mark(problem, story)

    def _missing_template(self, engram: Engram) -> Problem:
        name = engram.spec.template_ref.name
        hint = suggestion(name, self._bundle.engram_templates)
        message = f"there is no EngramTemplate {quoted(name)}{hint}"
        return self._absent(Problem("spec.templateRef.name", message), engram)

    def _of_template(self, template: EngramTemplate) -> Iterator[Problem]:
        if self._backend is not Backend.LOCAL:
            return
        if not words_of(template.metadata.annotations.get(LOCAL_COMMAND, "")):
            message = (
                "is required to run without a cluster: the command that does here what the image"
                ' does there, as a line for the shell or a JSON list such as ["./build.sh", "all"]'
            )
            path = child("metadata.annotations", LOCAL_COMMAND)
            yield self._mark(Problem(path, message), template)

    def _absent(self, problem: Problem, found: Story | StoryRun | Engram) -> Problem:
        marked = self._mark(problem, found)
        self.absent.add(marked)
        return marked

    def _mark(self, problem: Problem, found: Story | StoryRun | Engram | EngramTemplate) -> Problem:
        metadata = found.metadata
        file = self._bundle.files.get((found.kind, metadata.namespace, metadata.name), "")
        return problem._replace(file=file, object=f"{found.kind}/{metadata.name}")


def _missing(kind: str, key: Key, present: Any) -> str:
    namespace, name = key
    hint = suggestion(name, [each for where, each in present if where == namespace])
    return f"there is no {kind} {quoted(name)} in the namespace {quoted(namespace)}{hint}"


def _input_problems(placed: Placed, engram: Engram, template: EngramTemplate) -> list[Problem]:
    schema = template.spec.input_schema
    if schema is None:
        return []
    given = with_defaults(schema, _given(engram, placed.step))
    return violations(schema, given, placed.field("with"), templates=True)


def _given(engram: Engram, step: Step) -> dict[str, Any]:
    return {**(engram.spec.with_ or {}), **(step.with_ or {})}
