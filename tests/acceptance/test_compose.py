"""`docker-compose.yml`, as far as it can be judged without an engine that runs it."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pytest
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from temporalio.envconfig import ClientConfig

from runwright.settings import Settings
from tests.acceptance.commands import wrong_words
from tests.acceptance.pages import DOCS, ROOT

_FILE: Final = ROOT / "docker-compose.yml"
_VARIABLE: Final = re.compile(r"\$\{(\w+):-([^}]*)\}")
_PINNED: Final = re.compile(r"[\w./-]+:\d+(\.\d+)+(-[\w.]+)?")
_DURATION: Final = r"^(\d+h)?(\d+m)?(\d+s)?$"
_SERVER: Final = frozenset(
    {
        "BIND_ON_IP",
        "DB",
        "DB_PORT",
        "DYNAMIC_CONFIG_FILE_PATH",
        "LOG_LEVEL",
        "POSTGRES_PWD",
        "POSTGRES_SEEDS",
        "POSTGRES_USER",
    }
)
"""What the configuration built into temporalio/server reads, of that which is used here."""
_UI: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_CORS_ORIGINS", "TEMPORAL_DEFAULT_NAMESPACE"})
"""What temporalio/ui documents, of that which is used here."""
_DATABASE: Final = frozenset({"POSTGRES_PASSWORD", "POSTGRES_USER"})
_LISTENS: Final = {"postgresql": 5432, "temporal": 7233, "ui": 8080}
"""Where the images listen unless told otherwise."""


def _filled_in(text: object) -> object:
    return _VARIABLE.sub(r"\2", text) if isinstance(text, str) else text


_Text = Annotated[str, BeforeValidator(_filled_in)]


class _Part(BaseModel):
    """A part of the file; a key that is not expected here is most often a typing error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Build(_Part):
    context: str
    dockerfile: str


class _Dependency(_Part):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class _Check(_Part):
    test: list[str] = Field(min_length=2)
    interval: str = Field(pattern=_DURATION)
    timeout: str = Field(pattern=_DURATION)
    retries: int
    start_period: str = Field(pattern=_DURATION)


class _Service(_Part):
    image: str
    build: _Build | None = None
    environment: dict[str, _Text] = {}
    depends_on: dict[str, _Dependency] = {}
    entrypoint: list[str] = []
    command: list[str] = []
    init: bool = False
    stop_grace_period: str = Field(default="10s", pattern=_DURATION)
    volumes: list[str] = []
    ports: list[_Text] = []
    healthcheck: _Check | None = None
    restart: str = Field(pattern=r"^(unless-stopped|on-failure:\d+)$")

    @property
    def is_done_some_day(self) -> bool:
        """Whether it sets something up, and ends."""
        return self.restart.startswith("on-failure")

    @property
    def is_ours(self) -> bool:
        """Whether it runs our image."""
        return self.build is not None


class _Compose(_Part):
    name: str
    services: dict[str, _Service]
    volumes: dict[str, None]


@pytest.fixture(scope="module")
def compose() -> _Compose:
    """The file, without the parts that only serve to be referred to."""
    read = yaml.safe_load(_FILE.read_text())
    return _Compose.model_validate(
        {name: part for name, part in read.items() if not name.startswith("x-")}
    )


def _mounts(compose: _Compose) -> Iterator[tuple[str, str, list[str]]]:
    for service in compose.services.values():
        for volume in service.volumes:
            source, target, *options = volume.split(":")
            yield source, target, options


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
    elif isinstance(value, str):
        yield value


def test_images_have_a_version(compose: _Compose) -> None:
    """`latest` is another program every month."""
    for service in compose.services.values():
        assert _PINNED.fullmatch(service.image), service.image


def test_server_and_tools_are_of_one_version(compose: _Compose) -> None:
    """The tools bring the schema that the server expects."""
    images = {service.image for service in compose.services.values()}

    versions = {
        image.rpartition(":")[2]
        for image in images
        if image.startswith(("temporalio/server", "temporalio/admin-tools"))
    }

    assert len(versions) == 1


def test_our_image_is_of_our_version(compose: _Compose) -> None:
    ours = {service.image for service in compose.services.values() if service.is_ours}
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version
    assert ours == {f"runwright:{version[1]}"}


def test_services_wait_for_others_in_a_way_that_can_come_true(compose: _Compose) -> None:
    """Healthy is only what has a check; completed is only what ends."""
    for service in compose.services.values():
        for name, dependency in service.depends_on.items():
            other = compose.services[name]
            match dependency.condition:
                case "service_healthy":
                    assert other.healthcheck, name
                case "service_completed_successfully":
                    assert other.is_done_some_day, name
                case "service_started":
                    assert not other.is_done_some_day, name


def test_services_do_not_wait_for_each_other_in_a_circle(compose: _Compose) -> None:
    started: set[str] = set()
    while len(started) < len(compose.services):
        ready = {
            name
            for name, service in compose.services.items()
            if name not in started and started.issuperset(service.depends_on)
        }
        assert ready, f"never started: {set(compose.services) - started}"
        started |= ready


def test_ports_are_open_to_this_machine_only(compose: _Compose) -> None:
    published = {
        name: port.split(":") for name, one in compose.services.items() for port in one.ports
    }

    assert {address for address, _, _ in published.values()} == {"127.0.0.1"}
    assert {name: int(inside) for name, (_, _, inside) in published.items()} == {
        "temporal": _LISTENS["temporal"],
        "ui": _LISTENS["ui"],
    }
    assert {name: outside for name, (_, outside, _) in published.items()} == {
        "temporal": "7233",
        "ui": "8233",
    }


def test_services_look_for_each_other_where_they_listen(compose: _Compose) -> None:
    for service in compose.services.values():
        if address := service.environment.get("TEMPORAL_ADDRESS"):
            assert address == f"temporal:{_LISTENS['temporal']}"
        if seeds := service.environment.get("POSTGRES_SEEDS"):
            assert seeds in compose.services
            assert service.environment["DB_PORT"] == str(_LISTENS[seeds])


def test_every_check_asks_at_the_port_of_its_service(compose: _Compose) -> None:
    check = compose.services["temporal"].healthcheck

    assert check
    assert check.test[-1] == str(_LISTENS["temporal"])


def test_every_password_can_be_another_one() -> None:
    """The default is for trying out; the variable of the same name overrules it everywhere."""
    read = yaml.safe_load(_FILE.read_text())
    passwords = [
        text
        for service in read["services"].values()
        for name, text in service.get("environment", {}).items()
        if "PASSWORD" in name or "PWD" in name
    ]

    assert len(passwords) >= 3
    assert set(passwords) == {"${POSTGRES_PASSWORD:-temporal}"}


def test_the_variables_that_move_things_are_documented() -> None:
    documented = (DOCS / "operations.md").read_text() + _FILE.read_text()
    used = {
        name
        for text in _references(yaml.safe_load(_FILE.read_text()))
        for name, _ in _VARIABLE.findall(text)
    }

    assert used == {"POSTGRES_PASSWORD", "POSTGRES_USER", "TEMPORAL_PORT", "TEMPORAL_UI_PORT"}
    assert all(name in documented for name in used)


def test_our_services_run_commands_that_exist(compose: _Compose) -> None:
    for service in compose.services.values():
        if service.is_ours:
            assert not wrong_words(service.command)
        if service.healthcheck and "runwright" in service.healthcheck.test:
            words = service.healthcheck.test
            assert not wrong_words(words[words.index("runwright") + 1 :])


def test_our_services_have_settings_that_can_be_read(compose: _Compose) -> None:
    """An unknown one, or a duration without a unit, would end the worker at once."""
    for service in compose.services.values():
        if service.is_ours:
            settings = Settings.from_environ({"HOME": "/nowhere", **service.environment})
            assert settings.task_queue == "runwright-local"


def test_temporal_is_told_where_it_is_by_variables_that_its_clients_read(
    compose: _Compose,
) -> None:
    for service in compose.services.values():
        if service.is_ours:
            options = ClientConfig.load_client_connect_config(
                override_env_vars={**service.environment, "TEMPORAL_CONFIG_FILE": os.devnull}
            )
            assert options.get("target_host") == "temporal:7233"
            assert options.get("namespace") == "default"


def test_other_images_get_only_variables_that_they_read(compose: _Compose) -> None:
    scripts = {
        "schema": _variables_of("schema.sh"),
        "namespace": _variables_of("namespace.sh") | {"TEMPORAL_ADDRESS"},
    }
    known = {"postgresql": _DATABASE, "temporal": _SERVER, "ui": _UI, **scripts}

    for name, service in compose.services.items():
        if not service.is_ours:
            assert set(service.environment) <= known[name], name


def _variables_of(script: str) -> set[str]:
    text = (ROOT / "deploy" / "docker" / script).read_text()
    return set(re.findall(r"\$\{?([A-Z_]+)", text))


def test_what_a_script_reads_is_set(compose: _Compose) -> None:
    """`set -u` would end it otherwise."""
    optional = {"TEMPORAL_SCHEMAS"}

    for name, script in (("schema", "schema.sh"), ("namespace", "namespace.sh")):
        assert _variables_of(script) - optional <= set(compose.services[name].environment)


@pytest.mark.parametrize("script", ["schema.sh", "namespace.sh"])
def test_the_scripts_can_be_read_by_a_shell(script: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / "deploy" / "docker" / script)], check=True)


def test_everything_that_is_mounted_exists(compose: _Compose) -> None:
    for source, target, options in _mounts(compose):
        assert target.startswith("/")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert options == ["ro"], source
        else:
            assert source in compose.volumes
    assert {source for source, _, _ in _mounts(compose)} >= set(compose.volumes)


def test_what_is_executed_from_a_mount_is_mounted_there(compose: _Compose) -> None:
    for name in ("schema", "namespace"):
        service = compose.services[name]
        targets = {volume.split(":")[1] for volume in service.volumes}
        assert service.entrypoint[-1] in targets
    temporal = compose.services["temporal"]
    settings = temporal.environment["DYNAMIC_CONFIG_FILE_PATH"]
    assert settings in {volume.split(":")[1] for volume in temporal.volumes}


def test_the_worker_has_time_to_drain(compose: _Compose) -> None:
    """Docker kills it otherwise before it has let go of what it does."""
    worker = compose.services["worker"]
    settings = Settings.from_environ({"HOME": "/nowhere", **worker.environment})

    grace = int(worker.stop_grace_period.removesuffix("s"))

    assert grace > settings.drain.total_seconds()


def test_the_worker_keeps_its_state_in_a_volume(compose: _Compose) -> None:
    worker = compose.services["worker"]

    assert f"state:{worker.environment['RUNWRIGHT_STATE']}" in worker.volumes


def test_our_image_is_built_from_files_that_exist(compose: _Compose) -> None:
    """And from none that `.dockerignore` keeps out of its context."""
    for service in compose.services.values():
        if service.build is None:
            continue
        dockerfile = ROOT / service.build.context / service.build.dockerfile
        ignored = Path(f"{dockerfile}.dockerignore").read_text().splitlines()
        for source in _copied(dockerfile.read_text()):
            assert (ROOT / service.build.context / source).exists(), source
            assert f"!{source}" in ignored, source


def _copied(dockerfile: str) -> Iterator[str]:
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, flags=re.MULTILINE):
        *sources, _ = line.split()
        yield from sources


def test_our_image_runs_as_nobody_special(compose: _Compose) -> None:
    """In a folder of state that is its own."""
    text = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
    state = compose.services["worker"].environment["RUNWRIGHT_STATE"]

    assert "useradd --create-home --uid 1000 --user-group runwright" in text
    assert re.search(r"^USER 1000:1000$", text, flags=re.MULTILINE)
    assert f"--owner runwright --group runwright {state}" in text
    assert re.search(r'^ENTRYPOINT \["runwright"\]$', text, flags=re.MULTILINE)


def test_our_image_has_all_packages(compose: _Compose) -> None:
    build = compose.services["worker"].build
    modules = re.search(
        r"^module-name = \[(.+)\]", (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE
    )

    assert build
    assert modules
    copied = set(_copied((ROOT / build.dockerfile).read_text()))
    assert {name.strip(' "') for name in modules[1].split(",")} <= copied
