"""What is measured of a worker: names, labels and meanings, as they are scraped."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Metric:
    """One thing that is measured."""

    name: str
    """As Prometheus has it."""
    meaning: str
    labels: tuple[str, ...] = ()
    """Each of a few values: none is the name of a run, or of any other object."""


class Counter(Metric):
    """How often something happened since the worker began."""


class Gauge(Metric):
    """How something is now."""


@dataclass(frozen=True)
class Histogram(Metric):
    """How long something took."""

    bounds: tuple[float, ...] = ()
    """Of its buckets, in seconds, without the infinite one."""


API_REQUESTS: Final = Counter(
    "runwright_api_requests_total",
    "Requests to the API server; `code` is the HTTP status, or `none` where no answer came.",
    ("verb", "kind", "code"),
)
TASKS_WATCHED: Final = Gauge(
    "runwright_tasks_watched", "Tasks whose end this worker will report; 0 where another observes."
)
TASK_OUTCOMES: Final = Counter(
    "runwright_task_outcomes_total",
    "Ends of tasks that were reported, by their reason, such as `Completed` or `Exited`.",
    ("reason",),
)
TASK_REPORT: Final = Histogram(
    "runwright_task_report_seconds",
    "From the end of a task, as its pod tells it in whole seconds, to the moment when its run "
    "has it.",
    bounds=(0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 1800),
)
QUEUE_LENGTH: Final = Gauge(
    "runwright_queue_length", "Objects that are looked at or wait for it, by queue.", ("queue",)
)
RUNS_OPEN: Final = Gauge(
    "runwright_runs_open", "Runs of the cluster that are not over; 0 where another observes."
)
RUNS_STARTED: Final = Counter(
    "runwright_runs_started_total", "Runs that were started because of an object."
)
GATE_DECISIONS_FORWARDED: Final = Counter(
    "runwright_gate_decisions_forwarded_total",
    "Decisions that people wrote on an object and that were sent to its run.",
)
STATUS_WRITES: Final = Counter(
    "runwright_status_writes_total",
    "Writes of a status, by what became of them: `written`, `passed_over` where the object is "
    "gone or another one, `refused`, `put_off`.",
    ("outcome",),
)
LEADER: Final = Gauge(
    "runwright_leader", "1 on the worker that observes the cluster, 0 on the others."
)
WATCH_TROUBLE: Final = Gauge(
    "runwright_watch_trouble",
    "1 while the watch on a kind of objects is behind, else 0.",
    ("kind",),
)
LOOP_LAG: Final = Gauge(
    "runwright_loop_lag_seconds", "How much later than it should the event loop came to its work."
)

METRICS: Final[tuple[Metric, ...]] = (
    API_REQUESTS,
    TASKS_WATCHED,
    TASK_OUTCOMES,
    TASK_REPORT,
    QUEUE_LENGTH,
    RUNS_OPEN,
    RUNS_STARTED,
    GATE_DECISIONS_FORWARDED,
    STATUS_WRITES,
    LEADER,
    WATCH_TROUBLE,
    LOOP_LAG,
)
