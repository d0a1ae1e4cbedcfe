"""What a Temporal runtime tells of itself: its log goes to ours, its metrics to an address."""

import logging
from typing import Final

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
)

from runwright.errors import InvalidSettingsError
from runwright.models.addresses import Address
from runwright.models.metrics import METRICS, Histogram

_BOUNDS: Final = {one.name: one.bounds for one in METRICS if isinstance(one, Histogram)}


def runtime_telling(log: logging.Logger, metrics: Address | None) -> Runtime:
    """Return a runtime that logs there, and that answers `/metrics` at the address if there is one.

    Metrics of the SDK are called as Temporal documents them; durations are in seconds.

    Raises:
        InvalidSettingsError: nobody can listen at that address.
    """
    logging_there = LoggingConfig(
        LoggingConfig.default.filter, forwarding=LogForwardingConfig(logger=log)
    )
    telemetry = TelemetryConfig(
        logging=logging_there,
        metrics=None if metrics is None else _prometheus(metrics),
        attach_service_name=False,  # it would say of all metrics that they are the SDK's
    )
    try:
        return Runtime(telemetry=telemetry)
    except ValueError as error:
        message = f"listen for metrics at {metrics}: {error}"
        raise InvalidSettingsError(message) from error


def _prometheus(address: Address) -> PrometheusConfig:
    return PrometheusConfig(
        bind_address=str(address),
        durations_as_seconds=True,
        histogram_bucket_overrides=_BOUNDS,
    )
