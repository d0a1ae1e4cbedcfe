"""Runs with primitives, and with what must hold before and after their steps."""

from datetime import UTC, datetime
from typing import Any, Final

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Engram, EngramTemplate, Phase, TemplateExecutionPolicy
from tests.histories.stage import Scenario, Stage
from tests.integration.runs import ENGRAM, NEVER, TEMPLATE, Outcomes, engram, gate, retries


def parallel(name: str, *branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a block of these branches; `fields` are its other arguments."""
    return {"name": name, "type": "parallel", "with": {"steps": list(branches), **fields}}


def primitive(kind: str, name: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a step of that type."""
    return {"name": name, "type": kind, "needs": list(needs), "with": arguments}


async def branches_with_needs_and_a_bound(stage: Stage) -> None:
    """Two at a time, one after what it needs, and one that sees the output of another."""
    block = parallel(
        "build",
        engram("c", "a"),
        engram("a", **{"with": {"of": "{{ steps.fetch.output.tag }}"}}),
        engram("b"),
        engram("d", **{"with": {"of": "{{ steps.a.output.url }}"}}),
        concurrency=2,
    )
    spec = {
        "steps": [engram("fetch"), block, engram("use", "build")],
        "output": {"all": "{{ steps.build.output }}"},
    }
    outcomes = {"fetch": succeeded({"tag": "v1"}), "build-a": succeeded({"url": "x"})}
    async with stage.run(spec, outcomes) as going:
        await going.run.wait()


async def branches_with_a_gate_and_an_allowed_failure(stage: Stage) -> None:
    """A person decides within the block; a branch fails and may, another is skipped."""
    block = parallel(
        "ship",
        engram("lint", allowFailure=True, execution=NEVER),
        gate("sure"),
        engram("push", "sure"),
        engram("mac", **{"if": "{{ inputs.mac }}"}),
    )
    async with stage.run(
        {"steps": [block]}, {"ship-lint": exited(1)}, inputs={"mac": False}
    ) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.approve("ship/sure", by="ada")
        await going.run.wait()


async def branch_that_failed_and_was_retried(stage: Stage) -> None:
    """The second execution repeats the branch that failed, and keeps the other."""
    spec = {"steps": [parallel("build", engram("a"), engram("b", execution=NEVER))]}
    async with stage.run(spec, {"build-b": [exited(1), succeeded()]}) as going:
        await going.run.wait()
        await (await going.run.retry(by="ada")).wait()


async def branches_that_were_cancelled(stage: Stage) -> None:
    """One runs, one has not begun."""
    spec = {"steps": [parallel("build", engram("a"), engram("b", "a"))]}
    async with stage.run(spec, immediate=False) as going:
        await going.until(lambda state: "build/a" in state.steps)
        await going.until_running("build/a")
        await going.run.cancel(by="ada")
        await going.run.wait()


async def wait_that_came_to_hold(stage: Stage) -> None:
    """What it looks at cannot be evaluated at first, and then is there."""
    until = "{{ eq steps.build.output.state `up` }}"
    spec = {"steps": [engram("build"), primitive("wait", "ready", until=until, timeout="1h")]}
    async with stage.run(spec, immediate=False) as going:
        await going.until(lambda state: state.steps["ready"].phase is Phase.PAUSED)
        await going.until_running("build")
        await going.end("build", succeeded({"state": "up"}))
        await going.run.wait()


async def waits_that_timed_out(stage: Stage) -> None:
    """One is skipped, and the other fails."""
    never: dict[str, Any] = {"until": "{{ inputs.no }}", "timeout": "20ms"}
    spec = {
        "steps": [
            primitive("wait", "skipped", **never, onTimeout="skip"),
            primitive("wait", "failed", "skipped", **never),
        ]
    }
    async with stage.run(spec, inputs={"no": False}) as going:
        await going.run.wait()


async def wait_for_the_clock(stage: Stage) -> None:
    """It looks again by itself."""
    until = "{{ gt (now | unixEpoch | int64) (inputs.t | int64) }}"
    wait = primitive("wait", "later", until=until, pollInterval="50ms")
    moment = int(datetime.now(UTC).timestamp()) + 1
    async with stage.run({"steps": [wait]}, inputs={"t": moment}) as going:
        await going.run.wait()


async def wait_without_an_end_that_was_cancelled(stage: Stage) -> None:
    """Recorded by a version that waited for ever for what can never come; later ones give it up."""
    async with stage.run({"steps": [primitive("wait", "never", until="no")]}) as going:
        await going.until(lambda state: state.steps["never"].phase is Phase.PAUSED)
        await going.run.cancel(by="ada")
        await going.run.wait()


async def wait_in_vain(stage: Stage) -> None:
    """The step that it watches fails, and nothing else goes on; then comes what always does."""
    until = "{{ eq steps.build.output.state `up` }}"
    spec = {
        "steps": [engram("build", execution=NEVER), primitive("wait", "ready", until=until)],
        "finally": [engram("tell")],
    }
    async with stage.run(spec, {"build": exited(1)}) as going:
        await going.run.wait()


async def stopped_with_success(stage: Stage) -> None:
    """What comes after is skipped, nothing is mended, and the output has nothing to be made of."""
    spec = {
        "steps": [engram("build"), primitive("stop", "done", "build"), engram("deploy", "done")],
        "compensations": [engram("undo")],
        "output": {"url": "{{ steps.deploy.output.url }}"},
    }
    async with stage.run(spec) as going:
        await going.run.wait()


async def stopped_with_a_failure(stage: Stage) -> None:
    """What runs is stopped, and the failure mended."""
    no = primitive("stop", "no", "build", phase="Failed", message="no.")
    spec = {
        "steps": [engram("build"), engram("long"), no],
        "compensations": [engram("undo")],
        "finally": [engram("tidy")],
    }
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("build", "long")
        await going.end("build")
        for hook in ("undo", "tidy"):
            await going.until_running(hook)
            await going.end(hook)
        await going.run.wait()


async def stopped_as_if_cancelled(stage: Stage) -> None:
    """The run closes as cancelled, though nobody asked for it."""
    async with stage.run({"steps": [primitive("stop", "no", phase="Finished")]}) as going:
        await going.run.wait()


async def stopped_by_a_hook(stage: Stage) -> None:
    """It ends the list that it is in, and no other."""
    spec = {
        "steps": [engram("build")],
        "finally": [primitive("stop", "enough"), engram("tidy", "enough")],
    }
    async with stage.run(spec) as going:
        await going.run.wait()


async def without_what_it_requires(stage: Stage) -> None:
    """The task never starts."""
    spec = {"steps": [engram("a"), engram("b", "a", requires=["steps.a.output.id"])]}
    async with stage.run(spec, {"a": succeeded({"id": None})}) as going:
        await going.run.wait()


async def checked_after_its_success(stage: Stage) -> None:
    """One success is one, the other is not; it is not tried again."""
    holds = {"condition": "{{ steps.a.output.ok }}"}
    fails = {"condition": "{{ steps.b.output.ok }}", "failureMessage": "too few"}
    spec = {
        "steps": [engram("a", postExecution=holds), engram("b", "a", postExecution=fails)],
        "finally": [engram("tell")],
    }
    outcomes = {"a": succeeded({"ok": True}), "b": succeeded({"ok": False})}
    async with stage.run(spec, outcomes) as going:
        await going.run.wait()


def _template(**spec: Any) -> EngramTemplate:
    return TEMPLATE.model_copy(update={"spec": TEMPLATE.spec.model_copy(update=spec)})


async def input_that_its_template_does_not_take(stage: Stage) -> None:
    """Its default fits for one step; what another one is given does not."""
    schema = {"type": "object", "properties": {"tag": {"type": "string", "default": "v1"}}}
    wrong = {"with": {"tag": "{{ steps.a.output.n }}"}}
    spec = {"steps": [engram("a"), engram("b", **wrong)]}
    templates = (_template(input_schema=schema),)
    async with stage.run(spec, {"a": succeeded({"n": 7})}, templates=templates) as going:
        await going.run.wait()


async def output_that_its_template_does_not_promise(stage: Stage) -> None:
    """It was reported as a success, and is none."""
    schema = {"type": "object", "properties": {"n": {"type": "string"}}}
    templates = (_template(output_schema=schema),)
    async with stage.run(
        {"steps": [engram("a")]}, {"a": succeeded({"n": 7})}, templates=templates
    ) as going:
        await going.run.wait()


async def retried_as_each_level_says(stage: Stage) -> None:
    """The step, else the Engram, else its template: the nearest that speaks."""
    stubborn = Engram.model_validate(
        {
            "metadata": {"name": "stubborn"},
            "spec": {"templateRef": {"name": "image"}, "overrides": retries(1)},
        }
    )
    advice = {"recommendedMaxRetries": 2, "recommendedBaseDelay": "10ms"}
    template = TemplateExecutionPolicy.model_validate({"retry": advice})
    spec = {
        "steps": [
            engram("once", execution=NEVER, allowFailure=True),
            engram("twice", allowFailure=True, ref={"name": "stubborn"}),
            engram("thrice", allowFailure=True),
        ]
    }
    outcomes: Outcomes = dict.fromkeys(("once", "twice", "thrice"), exited(137))
    given: dict[str, Any] = {
        "engrams": (ENGRAM, stubborn),
        "templates": (_template(execution=template),),
    }
    async with stage.run(spec, outcomes, **given) as going:
        await going.run.wait()


async def keyed_by_its_template(stage: Stage) -> None:
    """All tries share the key; where its template fails, the usual one."""
    spec = {
        "steps": [
            engram("a", idempotencyKeyTemplate="order-{{ inputs.id }}", execution=retries(1)),
            engram("b", idempotencyKeyTemplate="{{ fail `no` }}"),
        ]
    }
    outcomes = {"a": [exited(137), succeeded()]}
    async with stage.run(spec, outcomes, inputs={"id": 7}) as going:
        await going.run.wait()


async def evaluated_over_several_workflow_tasks(stage: Stage) -> None:
    """Templates that take as long as they may wait for each other."""
    hard = {"with": {"x": "{{ range 5 }}{{ $x := indent 1000000 `a` }}{{ end }}"}}
    spec = {"steps": [engram(f"s{number}", **hard) for number in range(8)]}
    async with stage.run(spec) as going:
        await going.run.wait()


async def evaluated_in_one_workflow_task(stage: Stage) -> None:
    """As much as that was too little to wait for each other, once."""
    hard = {"with": {"x": "{{ range 2 }}{{ $x := indent 1000000 `a` }}{{ end }}"}}
    spec = {"steps": [engram(f"s{number}", **hard) for number in range(3)]}
    async with stage.run(spec) as going:
        await going.run.wait()


async def evaluated_a_little_at_a_time(stage: Stage) -> None:
    """The same, by a version of which the templates wait."""
    await evaluated_in_one_workflow_task(stage)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    branches_with_needs_and_a_bound,
    branches_with_a_gate_and_an_allowed_failure,
    branch_that_failed_and_was_retried,
    branches_that_were_cancelled,
    wait_that_came_to_hold,
    waits_that_timed_out,
    wait_for_the_clock,
    wait_without_an_end_that_was_cancelled,
    wait_in_vain,
    stopped_with_success,
    stopped_with_a_failure,
    stopped_as_if_cancelled,
    stopped_by_a_hook,
    without_what_it_requires,
    checked_after_its_success,
    input_that_its_template_does_not_take,
    output_that_its_template_does_not_promise,
    retried_as_each_level_says,
    keyed_by_its_template,
    evaluated_over_several_workflow_tasks,
    evaluated_in_one_workflow_task,
    evaluated_a_little_at_a_time,
)
