"""The adapter of pipelines as a process: what it packs, and what of that it hands over."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runwright.models.kratix import Handover
from tests.cluster.adapter_process import PACKED, Adapter
from tests.cluster.pipelines import unpacked


def test_what_is_put_out_is_handed_over_by_its_paths(adapter: Adapter) -> None:
    (adapter.input / "more" / "deep").mkdir(parents=True)
    (adapter.input / "more" / "deep" / "b.yaml").write_text("b: ü\n")
    (adapter.input / "a<&>.yaml").write_text("")
    (adapter.input / "empty").mkdir()
    (adapter.metadata / "destination-selectors.yaml").write_text("[]")

    adapter.pack()

    found = adapter.packed
    assert unpacked(found.files) == {"a<&>.yaml": "", "more/deep/b.yaml": "b: ü\n"}
    assert found.selectors == "[]"


def test_what_is_said_is_the_last_word(adapter: Adapter) -> None:
    (adapter.metadata / "status.yaml").write_text("message: a<b\n")
    (adapter.metadata / "workflow-control.yaml").write_text("{}")
    (adapter.metadata / "destination-selectors.yaml").write_text("[]")

    adapter.pack()
    adapter.hand_over()

    assert adapter.handed_over == Handover(status="message: a<b\n", control="{}", selectors="[]")


def test_files_are_no_last_word_however_short(adapter: Adapter) -> None:
    """Some may be secret, and the last word of a pod is kept where everybody looks."""
    (adapter.input / "secret.yaml").write_text("a")

    adapter.pack()
    ended = adapter.hand_over()

    assert (ended.code, adapter.message.exists()) == (1, False)
    assert "find the API server" in ended.err


def test_the_same_output_is_packed_in_the_same_bytes(adapter: Adapter) -> None:
    """Or a Work would change whose files did not."""
    words = []
    for _ in range(2):
        for name in ("b", "a"):
            (adapter.input / name).unlink(missing_ok=True)
            (adapter.input / name).write_text(name * 1000)
        adapter.pack()
        words.append((adapter.metadata / PACKED).read_bytes())

    assert words[0] == words[1]


def test_links_are_followed_within_the_output(adapter: Adapter) -> None:
    (adapter.input / "base").mkdir()
    (adapter.input / "base" / "a").write_text("a")
    (adapter.input / "dev").symlink_to("base")
    (adapter.input / "b").symlink_to("base/a")

    adapter.pack()

    assert unpacked(adapter.packed.files) == {"b": "a", "base/a": "a", "dev/a": "a"}


def test_a_pipeline_that_leaves_nothing_says_that(adapter: Adapter) -> None:
    """Else it could not be told from a pod that has nothing of ours in it."""
    adapter.pack()
    adapter.hand_over()

    assert json.loads(adapter.message.read_text()) == {"status": ""}


@pytest.mark.parametrize(
    ("control", "is_held"),
    [
        ("suspend: true", True),
        ("retryAfter: 10s", True),
        ("retryAfter: 10", True),
        ("suspend: false", False),
        ("retryAfter: ''", False),
        ("suspend: 'true'", False),
        ("{", False),
        ("- suspend", False),
    ],
)
def test_the_output_of_a_pipeline_that_is_to_run_again_stays(
    adapter: Adapter, control: str, *, is_held: bool
) -> None:
    """K30. What is in doubt goes with it: the worker says what is wrong with the text."""
    (adapter.input / "a").write_text("a")
    (adapter.metadata / "workflow-control.yaml").write_text(control)

    adapter.pack()

    assert (adapter.packed.files == {}) is is_held


def _escape(adapter: Adapter) -> None:
    (adapter.input / "a").symlink_to("../account")


def _circle(adapter: Adapter) -> None:
    (adapter.input / "in").mkdir()
    (adapter.input / "in" / "out").symlink_to("..")


def _dangle(adapter: Adapter) -> None:
    (adapter.input / "a").symlink_to("b")


def _pipe(adapter: Adapter) -> None:
    os.mkfifo(adapter.input / "a")


def _name(adapter: Adapter) -> None:
    Path(os.fsdecode(os.fsencode(adapter.input) + b"/\xff")).write_text("")


def _bomb(adapter: Adapter) -> None:
    with (adapter.input / "zeros").open("wb") as file:
        file.truncate(65 * 1024 * 1024)


def _many(adapter: Adapter) -> None:
    (adapter.input / "a").write_bytes(os.urandom(500_000))
    (adapter.input / "b").write_bytes(os.urandom(500_000))


def _selectors(adapter: Adapter) -> None:
    (adapter.metadata / "destination-selectors.yaml").write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("put_out", "said"),
    [
        (_escape, "read a: path escapes from parent"),
        (_circle, "read in/out: it is a link to a folder that it is in"),
        (_dangle, "read a: no such file or directory"),
        (_pipe, "read a: it is no regular file: prw"),
        (_name, 'the name "\\xff" is no text in UTF-8'),
        (_bomb, "pack the output: it has more than 67108864 bytes"),
        (_many, "pack b: with it the output has more than 1000000 bytes"),
        (_selectors, "read destination-selectors.yaml: it is no text in UTF-8"),
    ],
)
def test_what_cannot_be_packed_is_an_error_that_names_it(
    adapter: Adapter, put_out: Callable[[Adapter], None], said: str
) -> None:
    put_out(adapter)

    ended = adapter.pack()

    assert ended.code == 1
    assert said in ended.err
    assert not (adapter.metadata / PACKED).exists()


def test_a_link_in_place_of_the_output_is_not_written_through(adapter: Adapter) -> None:
    victim = adapter.account / "victim"
    victim.write_text("as it was")
    (adapter.metadata / PACKED).symlink_to(victim)

    ended = adapter.pack()

    assert (ended.code, victim.read_text()) == (0, "as it was")
    assert not (adapter.metadata / PACKED).is_symlink()


@pytest.mark.parametrize(
    ("mode", "said"),
    [(None, "did work-writer run?"), (0o644, "work-writer did not write it so")],
    ids=["none", "planted"],
)
def test_an_output_that_was_not_packed_does_not_count(
    adapter: Adapter, mode: int | None, said: str
) -> None:
    if mode is not None:
        (adapter.metadata / PACKED).write_text("{}")
        (adapter.metadata / PACKED).chmod(mode)

    ended = adapter.hand_over()

    assert ended.code == 1
    assert said in ended.err
    assert not adapter.message.exists()


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"KRATIX_WORKFLOW_ACTION": ""}, '"" is no action'),
        ({"RUNWRIGHT_LONGEST_MESSAGE": ""}, "read RUNWRIGHT_LONGEST_MESSAGE"),
    ],
)
def test_a_pod_that_is_none_of_a_pipeline_hands_nothing_over(
    adapter: Adapter, environ: dict[str, str], said: str
) -> None:
    ended = adapter.hand_over(environ=environ)

    assert ended.code == 1
    assert said in ended.err


def test_more_than_a_config_map_takes_is_an_error(adapter: Adapter) -> None:
    (adapter.input / "a").write_bytes(os.urandom(700_000))
    (adapter.metadata / "status.yaml").write_text("a" * 200_000)

    adapter.pack()
    ended = adapter.hand_over()

    assert ended.code == 1
    assert "bytes, and 1048576 is the most" in ended.err


def test_a_text_that_is_too_long_is_an_error(adapter: Adapter) -> None:
    """The worker reads it as YAML, and all runs wait for that."""
    (adapter.metadata / "status.yaml").write_text("a" * 262_145)

    adapter.pack()
    ended = adapter.hand_over()

    assert (ended.code, ended.err) == (1, "read status.yaml: it has more than 262144 bytes\n")


@pytest.mark.parametrize("words", [[], ["deploy"], ["reader", "now"], ["reader", "--now"]])
def test_a_command_that_nobody_knows_is_refused(binary: Path, words: list[str]) -> None:
    assert subprocess.run([binary, *words], capture_output=True, check=False).returncode == 2
