"""The names of task folders."""

import pytest

from adapters.local.names import FolderName, run_digest
from runwright.models.tasks import Backend, TaskKey

KEY = TaskKey(
    backend=Backend.LOCAL,
    namespace="shop",
    name="web-build",
    workflow_id="StoryRun/shop/web/local",
    activation=2,
    try_number=13,
)


def test_a_name_can_be_read_and_parsed() -> None:
    name = FolderName.of(KEY)

    assert str(name).startswith("shop-web-build-")
    assert str(name).endswith(".2.13")
    assert FolderName.parse(str(name)) == name
    assert name.order == KEY.order


@pytest.mark.parametrize(
    "other",
    [
        {"namespace": "shop-web", "name": "build"},
        {"name": "web_build"},
        {"name": "Web-Build"},
        {"workflow_id": "StoryRun/shop/web/other"},
        {"execution": "another"},
        {"activation": 21, "try_number": 3},
        {"name": "x" * 500},
        {"name": "../../etc"},
        {"name": "ünïcode"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_no_other_key_has_the_same_name(other: dict[str, object]) -> None:
    """Also where file names ignore case, and where parts run into one another."""
    different = str(FolderName.of(KEY.model_copy(update=other)))

    assert different.lower() != str(FolderName.of(KEY)).lower()
    assert FolderName.parse(different) is not None
    assert len(different) < 200


def test_tries_of_one_object_share_its_part_of_the_name() -> None:
    """Whatever run they belong to: that is how one finds the other."""
    other = KEY.model_copy(update={"workflow_id": "another", "activation": 1})

    assert FolderName.of(other).object == FolderName.of(KEY).object
    assert FolderName.of(other).run != FolderName.of(KEY).run


def test_tries_of_one_run_share_its_part_of_the_name_in_whatever_execution() -> None:
    """That is how their logs are found, by the workflow's id alone."""
    anew = FolderName.of(KEY.model_copy(update={"execution": "another"}))

    assert anew.run == FolderName.of(KEY).run == run_digest(KEY.workflow_id)
    assert anew.execution != FolderName.of(KEY).execution


@pytest.mark.parametrize("text", ["", "web", "web.1.2", "../x.0123456789abcdef.1.1", ".claim.json"])
def test_what_is_no_name_of_ours_is_none(text: str) -> None:
    assert FolderName.parse(text) is None
