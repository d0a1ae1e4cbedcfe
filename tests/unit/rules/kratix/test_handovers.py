"""What the pod of a pipeline handed over, read."""

import hashlib
import json
from typing import Any

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import Handover, Stored, WorkflowAction
from runwright.rules.kratix.handovers import handover_of, left_by, stored_handover
from runwright.rules.kratix.works import packed
from tests.unit.rules.kratix.runs import PROMISE, run_of

TEXT = json.dumps({"status": "message: a"})
FILES = {"a.yaml": packed(b"a")}


def stored(text: str = TEXT) -> Stored:
    """Return what a pod says of a text that it stored."""
    return Stored(config_map="pod-1", digest=hashlib.sha256(text.encode()).hexdigest())


@pytest.mark.parametrize("given", [{}, {"unknown": 1}, {"files": ["a"]}])
def test_what_is_no_handover_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidManifestError, match=r"handed nothing over|no such field|an object"):
        handover_of(given)


def test_a_pod_that_left_nothing_says_so() -> None:
    assert handover_of({"files": {}}) == Handover()


def test_a_stored_handover_is_known_by_its_digest() -> None:
    assert stored_handover(stored(), {"handover": TEXT}).status == "message: a"


@pytest.mark.parametrize("texts", [{}, {"handover": f"{TEXT} "}])
def test_a_text_with_another_digest_is_not_read(texts: dict[str, str]) -> None:
    with pytest.raises(InvalidManifestError, match="pod-1 is not what the pod stored"):
        stored_handover(stored(), texts)


@pytest.mark.parametrize(
    "text", ["no JSON", "[]", json.dumps({"stored": {"configMap": "b", "digest": ""}})]
)
def test_a_stored_text_must_be_a_handover_itself(text: str) -> None:
    """One that says where another one is could lead on and on."""
    with pytest.raises(InvalidManifestError, match=r"is no JSON|is no handover"):
        stored_handover(stored(text), {"handover": text})


def test_every_problem_is_told_at_once() -> None:
    """K31 and K47."""
    wrong = Handover(status="kratix: 1", control="retryAfter: 1d", files={"../a": FILES["a.yaml"]})

    left = left_by(run_of(), wrong)

    assert [line.split(":")[0] for line in left.collected.problem.splitlines()] == [
        "workflow-control.yaml",
        "status.yaml",
        "../a",
    ]
    assert (left.files, left.selectors) == ({}, ())


def test_files_of_a_pipeline_that_wants_to_run_again_are_not_read() -> None:
    """K30."""
    left = left_by(run_of(), Handover(control="suspend: true", files={"a": "no file"}))

    assert left.collected.control.holds
    assert (left.collected.problem, left.files) == ("", {})


def test_files_of_a_delete_pipeline_are_not_read() -> None:
    one = run_of(action=WorkflowAction.DELETE)

    left = left_by(one, Handover(files={"a": "no file"}, selectors="no list"))

    assert (left.collected.problem, left.files) == ("", {})


def test_of_the_status_of_a_promise_the_message_is_shown() -> None:
    left = left_by(run_of(PROMISE), Handover(status="{message: a, host: b}", files=FILES))

    assert left.collected.status == {"message": "a"}
    assert left.collected.warning == 'status.yaml: a Promise does not show "host"'
    assert left.files == {"a.yaml": b"a"}


def test_no_pipeline_says_what_kratix_says_of_a_request() -> None:
    """Nor is it shown before Kratix has something to say: it need not even be of the right type."""
    text = "{message: a, host: b, conditions: [], promiseVersion: 1, observedGeneration: x}"

    left = left_by(run_of(), Handover(status=text))

    assert left.collected.status == {"message": "a", "host": "b", "conditions": []}
    assert left.collected.warning == (
        'status.yaml: not for pipelines to write are "observedGeneration" and "promiseVersion"'
    )


def test_what_was_passed_over_of_both_files_is_one_warning() -> None:
    given = Handover(control="maxAttempts: 3", status="{message: a, host: b}")

    left = left_by(run_of(PROMISE), given)

    assert left.collected.warning == (
        'workflow-control.yaml: nobody reads "maxAttempts"; '
        'status.yaml: a Promise does not show "host"'
    )
