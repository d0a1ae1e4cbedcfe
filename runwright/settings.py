"""What an operator may set, by environment variables; nothing below sees more than the values."""

import socket
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from runwright.errors import InvalidSettingsError
from runwright.models.addresses import OptionalAddress
from runwright.models.base import Message
from runwright.models.kratix import Compat
from runwright.models.logs import KeepLogs
from runwright.models.story_run import MOST_RETRIES, StepDefaults
from runwright.models.tasks import Backend
from runwright.rules.kubernetes.selectors import selector_problems

_PREFIX: Final = "RUNWRIGHT_"
_OF_TASKS: Final = frozenset({"INPUT", "OUTPUT", "TRY", "ACTIVATION", "MANIFESTS"})
"""What a task finds in its environment: not ours to read when it calls Runwright itself."""
_SERVICE: Final = "SERVICE_HOST"
_OF_A_SERVICE: Final = ("SERVICE_", "PORT")
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SECOND: Final = timedelta(seconds=1)
_CONFINED: Final = PydanticCustomError(
    "confined", "Promises are served in all namespaces: leave RUNWRIGHT_WATCH_NAMESPACE empty"
)
PIPELINE_ADAPTER: Final = f"runwright-pipeline-adapter:{version('runwright')}"
_UNSERVED: Final = PydanticCustomError("backend", "Input should be 'local' or 'kubernetes'")


class LogFormat(StrEnum):
    """How a log is written."""

    LINES = "lines"
    """For people: a sentence, and fields behind it."""
    JSON = "json"
    """For what collects logs: an object a line."""


class Served(StrEnum):
    """Whether the objects of a system are looked after."""

    AUTO = "auto"
    """Where the cluster has its kinds, and we the rights."""
    ON = "on"
    OFF = "off"


def _served(value: object) -> object:
    """Return the backend if a worker may be told to serve it; the one of the tests is none."""
    if value not in {Backend.LOCAL, Backend.KUBERNETES}:
        raise _UNSERVED
    return value


def _selector(value: str) -> str:
    """Return the label selector; the API server would refuse another one at each look."""
    if problems := "; ".join(selector_problems(value)):
        kind = "selector"
        raise PydanticCustomError(kind, "is no label selector: {problems}", {"problems": problems})
    return value


class Settings(Message):
    """The settings of every command, each read from `RUNWRIGHT_` and its name in capitals.

    Where Temporal is, its own variables say (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
    `TEMPORAL_PROFILE` and so on).
    """

    state: Path
    """The folder of local tasks, their logs, and the embedded server's database."""
    cluster: str = Field(default="local", pattern=rf"^{_LABEL}$", max_length=53)
    """The name of the cluster that is served; part of the task queue's name."""
    backend: Annotated[Backend, BeforeValidator(_served)] = Backend.LOCAL
    """Where tasks run."""
    watch_namespace: str = Field(default="", pattern=rf"^({_LABEL})?$", max_length=63)
    """The namespace whose runs are served; empty: those of all namespaces."""
    own_namespace: str = Field(default="default", pattern=rf"^{_LABEL}$", max_length=63)
    """Where the Lease lies, by which several workers agree on the one that observes."""
    instance: str = Field(default_factory=socket.gethostname, pattern=r"^[!-~]+$", max_length=128)
    """Who this worker is, in the Lease and in Events; by default the host, in a pod the pod."""
    beat_interval: timedelta = Field(
        default=timedelta(minutes=40), gt=timedelta(0), le=timedelta(hours=1)
    )
    """How often each waiting task tells Temporal that somebody looks after it."""
    resync_interval: timedelta = Field(default=timedelta(seconds=5), gt=timedelta(0))
    """How often all local tasks are looked at, whatever was or was not reported."""
    cluster_resync_interval: timedelta = Field(default=timedelta(minutes=5), ge=_SECOND)
    """How often all objects of a cluster are listed anew, whatever the watch on them said."""
    sweep_interval: timedelta = Field(default=timedelta(seconds=30), ge=_SECOND)
    """How often open runs of a cluster are compared with Temporal."""
    lease_duration: timedelta = Field(default=timedelta(seconds=15), ge=timedelta(seconds=5))
    """How long a worker that observes is waited for when nothing is heard of it."""
    bubustack: Literal["on", "off"] = "on"
    """Whether StoryRuns are looked after."""
    kratix: Served = Served.AUTO
    """Whether Promises and the requests for them are: only by a worker of all namespaces."""
    kratix_compat: Compat = Compat.SEPTEMBER_2026
    """Which Kratix is followed where its behaviour changed."""
    kratix_selector: Annotated[str, AfterValidator(_selector)] = ""
    """The labels of the Promises that are looked after, as `team=data`; empty: all are."""
    kratix_most_at_once: int = Field(default=20, ge=1)
    """How many runs of one Promise's requests may be under way."""
    kratix_delete_retries: int = Field(default=0, ge=0)
    """How often a delete pipeline that failed is tried again by itself, a minute apart."""
    pipeline_adapter_image: str = PIPELINE_ADAPTER
    """Of the containers before and after those of a pipeline's author."""
    pipeline_adapter_pull_secret: str = ""
    """For that image; empty: none is needed."""
    deletion_grace: timedelta = Field(
        default=timedelta(minutes=10), ge=_SECOND, le=timedelta(days=1)
    )
    """What a run gets to end by itself when its object is deleted."""
    step_timeout: timedelta = Field(default=timedelta(minutes=30), ge=_SECOND)
    """Of a try of a step of which nobody else says one."""
    max_retries: int = Field(default=3, ge=0, le=MOST_RETRIES)
    """Of a step of which nobody else says how many."""
    keep_logs: KeepLogs = KeepLogs.FAILED
    """The logs of which tries are kept when their pods go."""
    drain: timedelta = Field(default=timedelta(seconds=20), ge=timedelta(0))
    """What activities under way get to finish when the worker is told to stop."""
    probes: OptionalAddress = None
    """Where `/healthz` and `/readyz` answer."""
    metrics: OptionalAddress = None
    """Where `/metrics` answers."""
    log_format: LogFormat = LogFormat.LINES
    """How the log on standard error is written."""

    @model_validator(mode="after")
    def _serves_promises_everywhere(self) -> "Settings":
        """Refuse what cannot be: Promises belong to no namespace, nor do their pipelines."""
        if self.kratix is Served.ON and self.watch_namespace:
            raise _CONFINED
        return self

    @property
    def task_queue(self) -> str:
        """Return the queue that the workers of this cluster serve."""
        return task_queue_of(self.cluster)

    @property
    def step_defaults(self) -> StepDefaults:
        """Return how the steps of runs are executed that start with these settings."""
        return StepDefaults(timeout=self.step_timeout, max_retries=self.max_retries)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings that the variables say; durations are ISO 8601, as `PT5S`.

        Raises:
            InvalidSettingsError: a variable is unknown or cannot be read; it lists all of them.
        """
        given = {name.lower(): value for name, value in _ours(environ).items()}
        try:
            return cls.model_validate({"state": default_state_folder(environ), **given})
        except ValidationError as error:
            problems = "; ".join(
                f"{_PREFIX}{_variable(one['loc'])}: {_said(one['type'], one['msg'])}"
                for one in error.errors(include_url=False, include_input=False)
            )
            raise InvalidSettingsError(problems) from error


def task_queue_of(cluster: str) -> str:
    """Return the queue that the workers of a cluster serve."""
    return f"runwright-{cluster}"


def _ours(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that are meant for Runwright, without their prefix."""
    given = {
        name.removeprefix(_PREFIX): value
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }
    others = _links(given)
    return {
        name: value
        for name, value in given.items()
        if name not in _OF_TASKS and not name.startswith(others)
    }


def _links(names: Mapping[str, str]) -> tuple[str, ...]:
    """Return how the variables begin that a kubelet sets for each Service of the pod's namespace.

    One that is called `runwright`, or `runwright-metrics`, has such as ours are called.
    """
    services = [name.removesuffix(_SERVICE) for name in names if name.endswith(_SERVICE)]
    return tuple(service + rest for service in services for rest in _OF_A_SERVICE)


def _variable(location: tuple[int | str, ...]) -> str:
    """Return the name of what is wrong; that two do not go together is said of one of them."""
    return str(location[0]).upper() if location else "KRATIX"


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        known = ", ".join(_PREFIX + name.upper() for name in Settings.model_fields)
        return f"there is no such setting; there are {known}"
    if kind == "time_delta_parsing":
        return "is no duration with a unit, as PT5S or PT1M30S"
    return message[0].lower() + message[1:]


def default_state_folder(environ: Mapping[str, str]) -> Path:
    """Return `runwright` in the user's folder for state."""
    home = environ.get("HOME") or str(Path.home())
    base = environ.get("XDG_STATE_HOME") or Path(home, ".local", "state")
    return Path(base) / "runwright"
