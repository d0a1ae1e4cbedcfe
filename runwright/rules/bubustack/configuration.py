"""Whether a run can be executed as it was started."""

from collections.abc import Iterator
from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import Phase, Step, Story
from runwright.models.bubustack.stories import MOST_TEMPLATES
from runwright.models.story_run import StartStoryRun, workflow_id
from runwright.models.tasks import Backend
from runwright.models.templates import between_braces
from runwright.rules.bubustack.admission import (
    graph_problems,
    story_problems,
    unsupported_problems,
)
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.bubustack.blocked import may_still_come
from runwright.rules.bubustack.branches import all_steps, block_of
from runwright.rules.bubustack.children import Key, known_stories, story_keys
from runwright.rules.bubustack.commands import LOCAL_COMMAND, words_of
from runwright.rules.bubustack.jobs import job_problems, secret_problems
from runwright.rules.bubustack.progress import MOST_STATE, size_of
from runwright.rules.bubustack.snapshot import engram_of, template_of
from runwright.rules.bubustack.verdicts import Ending
from runwright.rules.circles import circles
from runwright.rules.schemas import schema_problems, violations, with_defaults
from runwright.rules.wording import quoted

MOST_STORIES: Final = 50
"""That a run takes along besides its own."""
MOST_TEMPLATES_TOGETHER: Final = 2 * MOST_TEMPLATES
"""Characters between the braces of all of them."""


def configuration_problems(start: StartStoryRun, *, is_older: bool = False) -> list[Problem]:
    """Return everything that keeps a run's Story from being executed, all at once.

    What is wrong with a Story that its steps execute bears the name of that Story. `is_older`: the
    run may have begun in an earlier version, which refused less.
    """
    if too_much := list(_too_much(start)):
        return too_much
    problems = [*_own_problems(start, is_older=is_older), *_endless(start)]
    for story in start.stories:
        executed = start.model_copy(
            update={"story": story, "stories": tuple(known_stories(start).values())}
        )
        named = f"Story/{story.metadata.name}"
        problems += [
            problem._replace(object=named) for problem in _own_problems(executed, is_older=is_older)
        ]
    return problems


def _too_much(start: StartStoryRun) -> Iterator[Problem]:
    """Yield what makes the Stories of a run too much to be judged at once."""
    if (count := len(start.stories)) > MOST_STORIES:
        message = f"a run takes along at most {MOST_STORIES} other Stories, this one {count}"
        yield Problem("spec.steps", message)
    stories = (start.story, *start.stories)
    size = sum(between_braces(tuple(story.spec.templates)) for story in stories)
    if size > MOST_TEMPLATES_TOGETHER:
        message = f"the templates of all its Stories take {size} characters, and may take "
        yield Problem("spec.steps", f"{message}{MOST_TEMPLATES_TOGETHER}")


def _own_problems(start: StartStoryRun, *, is_older: bool) -> list[Problem]:
    return [
        *story_problems(start.story, is_older=is_older),
        *_missing(start),
        *unsupported_problems(start.story, start.backend),
        *_in_a_cluster(start),
    ]


def _endless(start: StartStoryRun) -> Iterator[Problem]:
    """Yield the circles of Stories that execute each other, whatever comes of their steps.

    One in which a step has an `if`, or its block, may end; how deep it goes is bounded when it
    runs.
    """
    known = known_stories(start)
    graph = {
        story: [key for key in _executed_always(one) if key in known]
        for story, one in known.items()
    }
    for circle in circles(graph):
        names = " -> ".join(name for _, name in (*circle, circle[0]))
        yield Problem("spec.steps", f"Stories execute each other without end: {names}")


def _executed_always(story: Story) -> Iterator[Key]:
    conditions = {step.name: step.if_ for _, step in all_steps(story)}
    for step, key in story_keys(story):
        if step.if_ is None and conditions.get(block_of(step.name)) is None:
            yield key


def refusal(start: StartStoryRun, started_as: str, *, is_older: bool = False) -> Ending | None:
    """Return how a run ends that cannot be executed as it was started; None if it can.

    `started_as` is the id of its workflow. `is_older`: it may have begun in an earlier version,
    which refused less.

    Source: BubuStack, DAG pass and input validation of a StoryRun.
    """
    expected = workflow_id(start.namespace, start.name, start.uid)
    if started_as != expected:
        message = f"the workflow's id is {started_as}; that of this run is {expected}"
        return Ending(Phase.FAILED, "InvalidConfiguration", message)
    if start.backend is Backend.KUBERNETES and not start.has_resource:
        message = (
            "a run in a cluster is that of a StoryRun: create one, and its run starts by itself"
        )
        return Ending(Phase.FAILED, "InvalidConfiguration", message)
    problems = configuration_problems(start, is_older=is_older)
    if problems:
        message = _joined(problems)
        if graph_problems(start.story):
            message = f"Invalid story dependency graph: {message}"
        return Ending(Phase.FAILED, "InvalidConfiguration", message)
    if (size := size_of(start.inputs)) > MOST_STATE:
        message = f"inputs take {size} bytes; a run may hold {MOST_STATE}, with its outputs"
        return Ending(Phase.FAILED, "InputTooLarge", message)
    violated = violations(start.story.spec.inputs_schema or {}, start.inputs, "spec.inputs")
    return Ending(Phase.FAILED, "InputSchemaFailed", _joined(violated)) if violated else None


def with_default_inputs(start: StartStoryRun) -> StartStoryRun:
    """Return the input of a run with the defaults of its Story's schema filled in."""
    schema = start.story.spec.inputs_schema
    if not schema or schema_problems(schema):
        return start
    return start.model_copy(update={"inputs": with_defaults(schema, start.inputs)})


def _joined(problems: list[Problem]) -> str:
    return "; ".join(map(str, problems))


def _missing(start: StartStoryRun) -> Iterator[Problem]:
    """Yield what the run lacks; where Engrams and templates may still come, they are none of it."""
    executed = {step.name: key for step, key in story_keys(start.story)}
    for placed in Outline(start.story).steps:
        if may_still_come(start, placed.step):
            continue
        if placed.step.ref is not None and (trouble := _trouble_with_worker(start, placed.step)):
            yield Problem(placed.field("ref.name"), trouble)
        key = executed.get(placed.name)
        if key is not None and key not in known_stories(start):
            namespace, name = key
            where = quoted(namespace or start.namespace)
            message = f"there is no Story {quoted(name)} in the namespace {where}"
            yield Problem(placed.field("with.storyRef.name"), message)


def _in_a_cluster(start: StartStoryRun) -> list[Problem]:
    if start.backend is not Backend.KUBERNETES:
        return []
    return [*job_problems(start), *secret_problems(start)]


def _trouble_with_worker(start: StartStoryRun, step: Step) -> str | None:
    engram = engram_of(start, step)
    if engram is None:
        return f'there is no engram "{step.ref.name if step.ref else ""}"'
    template = template_of(start, engram)
    if template is None:
        return f'there is no template "{engram.spec.template_ref.name}" for its engram'
    annotations = template.metadata.annotations or {}
    if start.backend is Backend.LOCAL and not words_of(annotations.get(LOCAL_COMMAND, "")):
        return (
            f'template "{template.metadata.name}" does not say how it runs without a cluster: give '
            f"it the annotation {LOCAL_COMMAND} with the command that stands in for its container"
        )
    return None
