"""Logs as lines: one per event, with what the event is about behind it."""

import logging
import sys
from typing import Final

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig

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
        return " ".join([said, *_fields(record)])


def _fields(record: logging.LogRecord) -> list[str]:
    return [
        f"{name}={value}"
        for name, value in vars(record).items()
        if name not in _OF_EVERY_RECORD and isinstance(value, str | int | float)
    ]


def log_to_stderr(level: int = logging.INFO) -> Runtime:
    """Write all logs to standard error, and return a Temporal runtime that logs there too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                LoggingConfig.default.filter, forwarding=LogForwardingConfig(logger=_TEMPORAL)
            )
        )
    )
