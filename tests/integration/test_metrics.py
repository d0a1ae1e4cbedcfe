"""Metrics of a worker that is connected to a real Temporal."""

import logging
import os
from datetime import timedelta

import pytest

from adapters.temporal.connection import connected
from adapters.temporal.metrics import TemporalMetrics
from adapters.temporal.telemetry import runtime_telling
from runwright.errors import InvalidSettingsError
from runwright.models.addresses import Address
from runwright.models.metrics import LEADER, TASK_REPORT
from tests.scraping import free_address, page_of, read

LOG = logging.getLogger("temporal")
NO_PROFILE = {"TEMPORAL_CONFIG_FILE": os.devnull}


async def test_metrics_of_temporal_and_ours_are_at_one_address(temporal: str) -> None:
    """Who scrapes a worker has to know one port."""
    address = free_address()
    runtime = runtime_telling(LOG, address)
    TemporalMetrics(runtime).set(LEADER, 1)

    async with connected(NO_PROFILE, address=temporal, runtime=runtime):
        page = await page_of(address)

    values = read(page)
    assert values[LEADER.name, frozenset()] == 1
    assert f"# HELP {LEADER.name} {LEADER.meaning}\n" in page
    assert {name for name, _ in values} >= {"temporal_request", "temporal_request_latency_count"}


async def test_a_report_is_counted_in_buckets_of_its_own() -> None:
    """Those of the SDK end at ten seconds, where a report begins to be worth a look."""
    address = free_address()
    metrics = TemporalMetrics(runtime_telling(LOG, address))

    metrics.observe(TASK_REPORT, timedelta(minutes=1))
    page = await page_of(address)

    bounds = {float(dict(labels)["le"]) for name, labels in read(page) if name.endswith("_bucket")}
    assert bounds == {*TASK_REPORT.bounds, float("inf")}


def test_an_address_that_is_taken_is_a_setting_to_correct() -> None:
    address = free_address()
    held = runtime_telling(LOG, address)

    with pytest.raises(InvalidSettingsError, match=f"^listen for metrics at {address}: .*in use"):
        runtime_telling(LOG, address)

    del held


def test_an_address_of_another_machine_is_a_setting_to_correct() -> None:
    elsewhere = Address("192.0.2.1", 9090)

    with pytest.raises(InvalidSettingsError, match=r"^listen for metrics at 192\.0\.2\.1:9090: "):
        runtime_telling(LOG, elsewhere)
