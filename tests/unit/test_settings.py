"""What an operator may set, and what is refused before anything starts."""

from datetime import timedelta
from pathlib import Path

import pytest

from runwright.errors import InvalidSettingsError
from runwright.settings import Settings, default_state_folder

HOME = {"HOME": "/home/ada"}


def test_without_variables_the_defaults_hold() -> None:
    settings = Settings.from_environ(HOME)

    assert settings == Settings(
        state=Path("/home/ada/.local/state/runwright"),
        cluster="local",
        beat_interval=timedelta(minutes=40),
        resync_interval=timedelta(seconds=5),
        drain=timedelta(seconds=20),
    )


def test_each_setting_is_a_variable_of_its_name() -> None:
    settings = Settings.from_environ(
        {
            "RUNWRIGHT_STATE": "/srv/runwright",
            "RUNWRIGHT_CLUSTER": "edge-1",
            "RUNWRIGHT_BEAT_INTERVAL": "PT1M",
            "RUNWRIGHT_RESYNC_INTERVAL": "PT0.5S",
            "RUNWRIGHT_DRAIN": "PT0S",
        }
    )

    assert settings == Settings(
        state=Path("/srv/runwright"),
        cluster="edge-1",
        beat_interval=timedelta(minutes=1),
        resync_interval=timedelta(milliseconds=500),
        drain=timedelta(0),
    )


def test_a_cluster_has_a_task_queue_of_its_own() -> None:
    assert Settings.from_environ({**HOME, "RUNWRIGHT_CLUSTER": "edge-1"}).task_queue == (
        "runwright-edge-1"
    )


def test_variables_of_others_are_none_of_ours() -> None:
    environ = {**HOME, "PATH": "/bin", "TEMPORAL_ADDRESS": "x:1", "MY_RUNWRIGHT_STATE": "x"}

    assert Settings.from_environ(environ) == Settings.from_environ(HOME)


@pytest.mark.parametrize("name", ["INPUT", "OUTPUT", "TRY", "ACTIVATION", "MANIFESTS"])
def test_what_a_task_finds_in_its_environment_is_no_setting(name: str) -> None:
    """A task may call Runwright itself."""
    environ = {**HOME, f"RUNWRIGHT_{name}": "1"}

    assert Settings.from_environ(environ) == Settings.from_environ(HOME)


def test_an_unknown_variable_is_refused_and_the_known_ones_are_told() -> None:
    """A misspelt one would be ignored for ever."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ({**HOME, "RUNWRIGHT_DRIAN": "PT5S"})

    assert str(refused.value) == (
        "RUNWRIGHT_DRIAN: there is no such setting; there are RUNWRIGHT_STATE, RUNWRIGHT_CLUSTER, "
        "RUNWRIGHT_BEAT_INTERVAL, RUNWRIGHT_RESYNC_INTERVAL, RUNWRIGHT_DRAIN"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DRAIN", "soon", "RUNWRIGHT_DRAIN: is no duration with a unit"),
        ("DRAIN", "9", "RUNWRIGHT_DRAIN: is no duration with a unit"),
        ("DRAIN", " 9 ", "RUNWRIGHT_DRAIN: is no duration with a unit"),
        ("DRAIN", "-PT1S", "RUNWRIGHT_DRAIN: input should be greater than or equal to 0"),
        ("BEAT_INTERVAL", "PT0S", "RUNWRIGHT_BEAT_INTERVAL: input should be greater than 0"),
        ("RESYNC_INTERVAL", "PT0S", "RUNWRIGHT_RESYNC_INTERVAL: input should be greater than 0"),
        ("CLUSTER", "Edge 1", "RUNWRIGHT_CLUSTER: string should match pattern"),
        ("CLUSTER", "a" * 54, "RUNWRIGHT_CLUSTER: string should have at most 53 characters"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_its_variables_name(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(InvalidSettingsError, match=f"^{said}"):
        Settings.from_environ({**HOME, f"RUNWRIGHT_{name}": value})


def test_a_cluster_may_be_called_by_a_number() -> None:
    """Only durations need a unit."""
    assert Settings.from_environ({**HOME, "RUNWRIGHT_CLUSTER": "7"}).cluster == "7"


def test_all_wrong_values_are_told_at_once_and_none_is_repeated() -> None:
    """What stands in an environment may be a secret."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ(
            {**HOME, "RUNWRIGHT_DRAIN": "hunter2", "RUNWRIGHT_CLUSTER": "Hunter 2"}
        )

    assert "RUNWRIGHT_DRAIN" in str(refused.value)
    assert "RUNWRIGHT_CLUSTER" in str(refused.value)
    assert "unter" not in str(refused.value)


def test_settings_do_not_change_once_they_are_read() -> None:
    settings = Settings.from_environ(HOME)

    with pytest.raises(ValueError, match="frozen"):
        settings.cluster = "other"  # type: ignore[misc] # that is what the test is about


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        (HOME, "/home/ada/.local/state/runwright"),
        ({**HOME, "XDG_STATE_HOME": "/srv/state"}, "/srv/state/runwright"),
        ({**HOME, "XDG_STATE_HOME": ""}, "/home/ada/.local/state/runwright"),
    ],
    ids=["home", "xdg", "empty xdg"],
)
def test_state_is_kept_where_the_system_wants_it(environ: dict[str, str], folder: str) -> None:
    assert default_state_folder(environ) == Path(folder)


def test_state_has_a_folder_also_where_no_variable_names_the_home() -> None:
    assert default_state_folder({}) == Path.home() / ".local/state/runwright"
