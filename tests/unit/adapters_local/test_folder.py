"""The files of one try."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.local.folder import TaskFolder
from adapters.local.outcomes import End
from runwright.errors import NotOursError, StorageUnavailableError
from runwright.models.tasks import Claim, OutcomeReason

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def claimed(name: str, after: timedelta) -> Claim:
    """Return a claim that was made so long after the first one."""
    return Claim(workflow_id="w", run_id="r", activity_id=name, since=SINCE + after)


def test_only_a_later_claim_replaces_the_one_that_holds(tmp_path: Path) -> None:
    folder = TaskFolder(tmp_path)
    second = timedelta(seconds=1)

    folder.hold(claimed("second", second))
    folder.hold(claimed("first", timedelta()))
    folder.hold(claimed("as late", second))
    assert folder.claim() == claimed("second", second)
    folder.hold(claimed("third", second * 2))

    assert folder.claim() == claimed("third", second * 2)


def test_a_damaged_claim_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "claim.json").write_text("{")

    TaskFolder(tmp_path).hold(claimed("first", timedelta()))

    assert TaskFolder(tmp_path).claim() == claimed("first", timedelta())


def test_the_first_end_that_is_recorded_stays(tmp_path: Path) -> None:
    folder = TaskFolder(tmp_path)

    folder.record(End(reason=OutcomeReason.STOPPED))
    folder.record(End(reason=OutcomeReason.LOST))

    assert folder.end() == End(reason=OutcomeReason.STOPPED)
    assert [path.name for path in tmp_path.iterdir()] == ["end.json"]


def test_a_damaged_file_is_trouble_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "end.json").write_text("")

    with pytest.raises(StorageUnavailableError, match=r"read .*end\.json: it is damaged"):
        TaskFolder(tmp_path).end()


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_folder_without_a_task_is_not_ours(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "task.json").write_text(content)

    with pytest.raises(NotOursError, match="holds no task of ours"):
        TaskFolder(tmp_path).task()


def test_a_folder_that_was_moved_is_not_taken_for_one_without_an_end(tmp_path: Path) -> None:
    """Else a task whose success was just recorded would seem to run, or to have no output."""
    folder = TaskFolder(tmp_path / "moved")

    with pytest.raises(FileNotFoundError, match="no such try here"):
        folder.outcome()
