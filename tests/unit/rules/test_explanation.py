"""Why a run is where it is, in a paragraph."""

from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.explanation import explanation
from tests.unit.cli.states import BROKEN, BUILT, NOW, PARENT, TO_COME, WAITING, at, state, step


def explained(shown: StoryRunState, *troubles: str) -> str:
    return explanation(shown, troubles, NOW)


def test_a_run_that_waits_says_for_whom() -> None:
    assert explained(WAITING) == (
        "Run default/release-1 of story release has been running for 1m 5s; "
        "1 of its 4 steps is over. "
        "Gate sign-off waits for a decision (0 of 1 approvals) until 11:00:00 UTC: "
        "`runwright approve release-1 sign-off`."
    )


def test_a_run_that_failed_says_of_what_and_how_to_go_on() -> None:
    assert explained(BROKEN) == (
        "Run default/release-1 of story release failed at 10:00:20 UTC after 20s: "
        "Story completed with failed step: ship. "
        "Step ship failed: the command failed. Read the log of this try. "
        "What it wrote shows `runwright logs release-1 ship`. "
        "Skipped: announce. "
        "Go on from what did not succeed: `runwright retry release-1`."
    )


def test_a_run_that_succeeded_says_no_more() -> None:
    done = state(BUILT, phase="Succeeded", finished_at=at(5), activation=2)

    assert explained(done) == (
        "Run default/release-1 of story release, execution 2, succeeded at 10:00:05 UTC after 5s."
    )


def test_a_run_that_is_a_step_says_of_which() -> None:
    assert explained(state(TO_COME, parent=PARENT, activation=2)).startswith(
        "Run default/release-1 of story release, step call of run web-1, execution 2, has been"
    )


def test_retries_sleeps_and_troubles_are_named() -> None:
    retrying = step(
        "build", phase="Pending", reason="RetryScheduled", tries=2, next_retry_at=at(90)
    )
    sleeping = step("rest", type="sleep", phase="Paused", started_at=at(0), deadline=at(100))
    running = step("ship", phase="Running", started_at=at(60), tries=2, max_tries=4)

    said = explained(state(retrying, sleeping, running), "disk is full")

    assert said.split("; ", 1)[1] == (
        "0 of its 3 steps are over. "
        "Step build failed 2 times and is tried again at 10:01:30 UTC. "
        "Step rest waits until 10:01:40 UTC. "
        "Step ship has been running for 5s, try 2 of 4. "
        "For now this goes wrong, and is tried again: disk is full."
    )


def test_a_step_that_cannot_start_says_why() -> None:
    diagnosis = {"category": "image-pull", "summary": "the image cannot be pulled"}
    pulling = step("build", phase="Running", started_at=at(60), diagnosis=diagnosis)

    assert explained(state(pulling)).endswith(
        "Step build has been running for 5s, and does not get on: the image cannot be pulled."
    )


def test_a_pause_names_who_and_how_to_end_it() -> None:
    paused = state(TO_COME, namespace="team", paused={"by": "ada", "since": at(5)})

    assert explained(paused).endswith(
        "ada paused it at 10:00:05 UTC, so no further step starts until "
        "`runwright resume team/release-1`."
    )


def test_the_run_by_which_a_step_failed_is_named() -> None:
    child = {"name": "release-1-eu", "workflow_id": "storyrun/default/release-1-eu/local"}
    failed = step("eu", type="executeStory", phase="Failed", message="no.", child=child)

    assert "Why its run ended so says `runwright explain team/release-1-eu`." in explained(
        state(failed, namespace="team", phase="Failed", finished_at=at(65))
    )


def test_a_run_that_a_step_skipped_did_not_fail() -> None:
    skipped = state(phase="Skipped", message="nothing to do", finished_at=at(5))

    assert explained(skipped) == (
        "Run default/release-1 of story release was skipped at 10:00:05 UTC after 5s: "
        "nothing to do."
    )


def test_a_cancel_names_who_and_why() -> None:
    cancelled = {"by": "ada", "at": at(5), "reason": "enough", "grace": "PT20S"}

    open_run = explained(state(TO_COME, cancelled=cancelled))
    closed = explained(state(TO_COME, cancelled=cancelled, phase="Finished", finished_at=at(9)))

    assert "ada cancelled it: what runs gets 20s to end." in open_run
    assert "was cancelled at 10:00:09 UTC after 9s. ada cancelled it: enough." in closed


def test_a_run_that_has_not_started_says_what_it_waits_for() -> None:
    waiting = state(phase="Pending", activation=0, message='there is no Story "release"')

    assert explained(waiting) == (
        "Run default/release-1 of story release was created 1m 5s ago, and has not started. "
        'It waits: there is no Story "release".'
    )


def test_a_run_that_ended_before_it_started_is_not_retried() -> None:
    refused = state(phase="Failed", activation=0, message="bad", finished_at=at(1))

    assert "runwright retry" not in explained(refused)


def test_a_step_that_lacks_something_says_what_and_what_to_do() -> None:
    missing = 'there is no Engram "worker" in the namespace "default"'
    blocked = step("build", phase="Blocked", message=missing, deadline=at(3600))

    assert explained(state(blocked)).endswith(
        f"Step build waits until 11:00:00 UTC: {missing}; apply what is missing, and the step "
        "goes on at once."
    )


def test_a_wait_and_an_executed_story_say_for_what() -> None:
    waiting = step(
        "ready", type="wait", phase="Paused", message="Waiting for condition.", deadline=at(100)
    )
    child = {"name": "release-1-tell", "workflow_id": "storyrun/default/release-1-tell/local"}
    calling = step("tell", type="executeStory", phase="Running", child=child)

    said = explained(state(waiting, calling))

    assert said.split("; ", 1)[1] == (
        "0 of its 2 steps are over. "
        "Step ready until 10:01:40 UTC: Waiting for condition. "
        "Step tell waits for the end of run release-1-tell: `runwright explain release-1-tell`."
    )


def test_an_executed_story_says_where_it_waits_for_people() -> None:
    child = {
        "name": "release-1-tell",
        "workflow_id": "storyrun/default/release-1-tell/local",
        "gates": [{"run": "release-1-tell", "gate": "ask"}],
    }
    calling = step("tell", type="executeStory", phase="Running", child=child)

    assert explained(state(calling)).endswith(
        "`runwright explain release-1-tell`; it waits for a decision: "
        "`runwright approve release-1-tell ask`."
    )
