"""What an operator may set, and what is refused before anything starts."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from runwright.errors import InvalidSettingsError
from runwright.models.addresses import Address
from runwright.models.kratix import Compat
from runwright.models.story_run import StepDefaults
from runwright.models.tasks import Backend
from runwright.settings import LogFormat, Served, Settings, default_state_folder

HOME = {"HOME": "/home/ada"}


ENVIRON = {
    "RUNWRIGHT_STATE": "/srv/runwright",
    "RUNWRIGHT_CLUSTER": "edge-1",
    "RUNWRIGHT_BACKEND": "kubernetes",
    "RUNWRIGHT_WATCH_NAMESPACE": "shop",
    "RUNWRIGHT_OWN_NAMESPACE": "runwright-system",
    "RUNWRIGHT_INSTANCE": "runwright-6d4cf56db6-x2x9k",
    "RUNWRIGHT_BEAT_INTERVAL": "PT1M",
    "RUNWRIGHT_RESYNC_INTERVAL": "PT0.5S",
    "RUNWRIGHT_CLUSTER_RESYNC_INTERVAL": "PT1H",
    "RUNWRIGHT_SWEEP_INTERVAL": "PT1S",
    "RUNWRIGHT_LEASE_DURATION": "PT5S",
    "RUNWRIGHT_DELETION_GRACE": "P1D",
    "RUNWRIGHT_STEP_TIMEOUT": "PT5M",
    "RUNWRIGHT_MAX_RETRIES": "0",
    "RUNWRIGHT_DRAIN": "PT0S",
    "RUNWRIGHT_PROBES": ":8080",
    "RUNWRIGHT_METRICS": "127.0.0.1:9090",
    "RUNWRIGHT_LOG_FORMAT": "json",
    "RUNWRIGHT_BUBUSTACK": "off",
    "RUNWRIGHT_KRATIX": "off",
    "RUNWRIGHT_KRATIX_COMPAT": "2026-08",
    "RUNWRIGHT_KRATIX_SELECTOR": "team=data",
    "RUNWRIGHT_KRATIX_MOST_AT_ONCE": "5",
    "RUNWRIGHT_KRATIX_DELETE_RETRIES": "3",
    "RUNWRIGHT_PIPELINE_ADAPTER_IMAGE": "registry.example.org/adapter:1",
    "RUNWRIGHT_PIPELINE_ADAPTER_PULL_SECRET": "registry",
}
SETTINGS = Settings(
    state=Path("/srv/runwright"),
    cluster="edge-1",
    backend=Backend.KUBERNETES,
    watch_namespace="shop",
    own_namespace="runwright-system",
    instance="runwright-6d4cf56db6-x2x9k",
    beat_interval=timedelta(minutes=1),
    resync_interval=timedelta(milliseconds=500),
    cluster_resync_interval=timedelta(hours=1),
    sweep_interval=timedelta(seconds=1),
    lease_duration=timedelta(seconds=5),
    deletion_grace=timedelta(days=1),
    step_timeout=timedelta(minutes=5),
    max_retries=0,
    drain=timedelta(0),
    probes=Address("0.0.0.0", 8080),  # noqa: S104 - what the absent host means
    metrics=Address("127.0.0.1", 9090),
    log_format=LogFormat.JSON,
    bubustack="off",
    kratix=Served.OFF,
    kratix_compat=Compat.AUGUST_2026,
    kratix_selector="team=data",
    kratix_most_at_once=5,
    kratix_delete_retries=3,
    pipeline_adapter_image="registry.example.org/adapter:1",
    pipeline_adapter_pull_secret="registry",  # noqa: S106 - its name
)


def test_without_variables_the_defaults_hold() -> None:
    settings = Settings.from_environ(HOME)

    assert settings == Settings(
        state=Path("/home/ada/.local/state/runwright"),
        cluster="local",
        backend=Backend.LOCAL,
        watch_namespace="",
        own_namespace="default",
        instance=socket.gethostname(),
        beat_interval=timedelta(minutes=40),
        resync_interval=timedelta(seconds=5),
        cluster_resync_interval=timedelta(minutes=5),
        sweep_interval=timedelta(seconds=30),
        lease_duration=timedelta(seconds=15),
        deletion_grace=timedelta(minutes=10),
        step_timeout=timedelta(minutes=30),
        max_retries=3,
        drain=timedelta(seconds=20),
        probes=None,
        metrics=None,
        log_format=LogFormat.LINES,
    )


def test_each_setting_is_a_variable_of_its_name() -> None:
    assert Settings.from_environ(ENVIRON) == SETTINGS


def test_without_a_word_of_the_operator_steps_have_the_usual_defaults() -> None:
    assert Settings.from_environ(HOME).step_defaults == StepDefaults()


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


def test_what_a_kubelet_sets_for_a_service_of_our_name_is_no_setting() -> None:
    """A Service in front of the metrics would otherwise end every worker of its namespace."""
    environ = {
        **HOME,
        "RUNWRIGHT_SERVICE_HOST": "10.96.0.7",
        "RUNWRIGHT_SERVICE_PORT": "80",
        "RUNWRIGHT_SERVICE_PORT_HTTP": "80",
        "RUNWRIGHT_PORT": "tcp://10.96.0.7:80",
        "RUNWRIGHT_PORT_80_TCP_ADDR": "10.96.0.7",
        "RUNWRIGHT_METRICS_SERVICE_HOST": "10.96.0.8",
        "RUNWRIGHT_METRICS_PORT": "tcp://10.96.0.8:9090",
        "RUNWRIGHT_METRICS": ":9090",
    }

    settings = Settings.from_environ(environ)

    assert settings == Settings.from_environ({**HOME, "RUNWRIGHT_METRICS": ":9090"})


def test_a_port_of_no_service_is_a_typing_error() -> None:
    with pytest.raises(InvalidSettingsError, match=r"^RUNWRIGHT_PROBES_PORT: there is no"):
        Settings.from_environ({**HOME, "RUNWRIGHT_PROBES_PORT": "8080"})


@pytest.mark.parametrize("name", ["PROBES", "METRICS"])
def test_an_empty_address_is_none(name: str) -> None:
    """A template with nothing to fill in leaves the variable empty."""
    environ = {**HOME, f"RUNWRIGHT_{name}": " "}

    assert Settings.from_environ(environ) == Settings.from_environ(HOME)


def test_an_unknown_variable_is_refused_and_the_known_ones_are_told() -> None:
    """A misspelt one would be ignored for ever."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_environ({**HOME, "RUNWRIGHT_DRIAN": "PT5S"})

    assert str(refused.value) == (
        "RUNWRIGHT_DRIAN: there is no such setting; there are RUNWRIGHT_STATE, RUNWRIGHT_CLUSTER, "
        "RUNWRIGHT_BACKEND, RUNWRIGHT_WATCH_NAMESPACE, RUNWRIGHT_OWN_NAMESPACE, "
        "RUNWRIGHT_INSTANCE, RUNWRIGHT_BEAT_INTERVAL, RUNWRIGHT_RESYNC_INTERVAL, "
        "RUNWRIGHT_CLUSTER_RESYNC_INTERVAL, RUNWRIGHT_SWEEP_INTERVAL, RUNWRIGHT_LEASE_DURATION, "
        "RUNWRIGHT_BUBUSTACK, RUNWRIGHT_KRATIX, RUNWRIGHT_KRATIX_COMPAT, "
        "RUNWRIGHT_KRATIX_SELECTOR, RUNWRIGHT_KRATIX_MOST_AT_ONCE, "
        "RUNWRIGHT_KRATIX_DELETE_RETRIES, RUNWRIGHT_PIPELINE_ADAPTER_IMAGE, "
        "RUNWRIGHT_PIPELINE_ADAPTER_PULL_SECRET, "
        "RUNWRIGHT_DELETION_GRACE, RUNWRIGHT_STEP_TIMEOUT, RUNWRIGHT_MAX_RETRIES, "
        "RUNWRIGHT_KEEP_LOGS, RUNWRIGHT_DRAIN, RUNWRIGHT_PROBES, RUNWRIGHT_METRICS, "
        "RUNWRIGHT_LOG_FORMAT"
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
        ("BACKEND", "Kubernetes", "RUNWRIGHT_BACKEND: input should be 'local' or 'kubernetes'$"),
        ("KRATIX_SELECTOR", "!!", 'RUNWRIGHT_KRATIX_SELECTOR: is no label selector: "!!" is not'),
        ("BACKEND", "memory", "RUNWRIGHT_BACKEND: input should be 'local' or 'kubernetes'$"),
        ("WATCH_NAMESPACE", "a,b", "RUNWRIGHT_WATCH_NAMESPACE: string should match pattern"),
        ("OWN_NAMESPACE", "", "RUNWRIGHT_OWN_NAMESPACE: string should match pattern"),
        ("INSTANCE", "", "RUNWRIGHT_INSTANCE: string should match pattern"),
        ("INSTANCE", "a" * 129, "RUNWRIGHT_INSTANCE: string should have at most 128 characters"),
        ("CLUSTER_RESYNC_INTERVAL", "PT0.5S", "RUNWRIGHT_CLUSTER_RESYNC_INTERVAL: input should be"),
        ("SWEEP_INTERVAL", "PT0.5S", "RUNWRIGHT_SWEEP_INTERVAL: input should be greater than or"),
        ("LEASE_DURATION", "PT4S", "RUNWRIGHT_LEASE_DURATION: input should be greater than or"),
        ("DELETION_GRACE", "PT0S", "RUNWRIGHT_DELETION_GRACE: input should be greater than or"),
        ("DELETION_GRACE", "P2D", "RUNWRIGHT_DELETION_GRACE: input should be less than or equal"),
        ("BUBUSTACK", "auto", "RUNWRIGHT_BUBUSTACK: input should be 'on' or 'off'"),
        ("KRATIX", "yes", "RUNWRIGHT_KRATIX: input should be 'auto', 'on' or 'off'"),
        ("KRATIX_COMPAT", "2025-01", "RUNWRIGHT_KRATIX_COMPAT: input should be '2026-08' or"),
        ("KRATIX_MOST_AT_ONCE", "0", "RUNWRIGHT_KRATIX_MOST_AT_ONCE: input should be greater"),
        ("DELETION_GRACE", "600", "RUNWRIGHT_DELETION_GRACE: is no duration with a unit"),
        ("PROBES", "8080", "RUNWRIGHT_PROBES: is no address to listen at"),
        ("METRICS", "http://localhost:9090", "RUNWRIGHT_METRICS: is no address to listen at"),
        ("LOG_FORMAT", "JSON", "RUNWRIGHT_LOG_FORMAT: input should be 'lines' or 'json'$"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_its_variables_name(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(InvalidSettingsError, match=f"^{said}"):
        Settings.from_environ({**HOME, f"RUNWRIGHT_{name}": value})


def test_promises_are_served_in_all_namespaces_or_not_at_all() -> None:
    """They belong to none, and run their own pipelines in that of the platform."""
    environ = {**HOME, "RUNWRIGHT_KRATIX": "on", "RUNWRIGHT_WATCH_NAMESPACE": "shop"}

    with pytest.raises(InvalidSettingsError, match=r"^RUNWRIGHT_KRATIX: promises are served in"):
        Settings.from_environ(environ)


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
