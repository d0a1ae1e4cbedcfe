"""Logs as lines: one per event, with what the event is about behind it."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from temporalio.runtime import Runtime

from adapters.temporal.telemetry import runtime_telling
from runwright.models.addresses import Address
from runwright.settings import LogFormat

_OF_EVERY_RECORD: Final = frozenset(
    vars(logging.LogRecord("", 0, "", 0, "", None, None)).keys() | {"message", "asctime"}
)
_TEMPORAL: Final = logging.getLogger("temporal")


class LineFormatter(logging.Formatter):
    """Writes `time LEVEL logger: sentence key=value ...`, a traceback too in one line."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = super().format(record).replace("\n", "\\n")
        return " ".join([said, *_words(record)])


def _words(record: logging.LogRecord) -> list[str]:
    return [
        f"{name}={value}"
        for name, value in _extra(record).items()
        if isinstance(value, str | int | float)
    ]


class JsonFormatter(logging.Formatter):
    """Writes a JSON object: `time`, `level`, `logger`, `message`, then the fields of the event.

    A field called as one of those four gets an underscore behind its name. `exception` and
    `stack` are texts. All is ASCII, whatever standard error can write.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a value that JSON does not have is there as text."""
        event = self._event(record)
        try:
            return _json(event)
        except Exception:  # whatever a field is, the event must be told
            return _json({name: _plain(value) for name, value in event.items()})

    def _event(self, record: logging.LogRecord) -> dict[str, Any]:
        said = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = {f"{name}_" if name in said else name: v for name, v in _extra(record).items()}
        return {**said, **extra, **self._traces(record)}

    def _traces(self, record: logging.LogRecord) -> dict[str, str]:
        traces: dict[str, str] = {}
        if record.exc_info and record.exc_info[0] is not None:
            traces["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            traces["stack"] = self.formatStack(record.stack_info)
        return traces


def _extra(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: v for name, v in vars(record).items() if name not in _OF_EVERY_RECORD}


def _time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: object) -> str:
    return json.dumps(value, default=str, allow_nan=False)


def _plain(value: object) -> object:
    """Return the value if it can be written, else what it says of itself."""
    try:
        _json(value)
    except Exception:  # as above
        return _text(value)
    return value


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # not even that
        return f"<{type(value).__name__}>"


def log_to_stderr(
    level: int = logging.INFO,
    *,
    form: LogFormat = LogFormat.LINES,
    metrics: Address | None = None,
) -> Runtime:
    """Write all logs to standard error, and return a Temporal runtime that logs there too.

    The runtime answers `/metrics` at the address, if there is one.

    Raises:
        InvalidSettingsError: nobody can listen at that address.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    return runtime_telling(_TEMPORAL, metrics)
