"""The streaming settings of BubuStack's transports."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.bubustack import StreamingSettings, streaming
from tests.unit.models.golden import changed, dumped, fields_left_out

STREAMING: dict[str, Any] = {
    "backpressure": {
        "buffer": {
            "maxMessages": 1000,
            "maxBytes": 1048576,
            "maxAgeSeconds": 60,
            "dropPolicy": "drop_oldest",
        }
    },
    "flowControl": {
        "mode": "window",
        "initialCredits": {"messages": 100, "bytes": 65536},
        "ackEvery": {"messages": 10, "bytes": 4096, "maxDelay": "250ms"},
        "pauseThreshold": {"bufferPct": 90},
        "resumeThreshold": {"bufferPct": 50},
    },
    "delivery": {
        "ordering": "per_partition",
        "semantics": "at_least_once",
        "replay": {"mode": "durable", "retentionSeconds": 3600, "checkpointInterval": "1s"},
    },
    "routing": {
        "mode": "hub",
        "fanOut": "parallel",
        "maxDownstreams": 32,
        "rules": [
            {
                "name": "speech-only",
                "when": '{{ eq packet.type "speech" }}',
                "action": "allow",
                "target": {"steps": ["transcribe"]},
            }
        ],
    },
    "lanes": [
        {
            "name": "voice",
            "kind": "audio",
            "direction": "bidirectional",
            "description": "what is said",
            "maxMessages": 0,
            "maxBytes": 0,
        }
    ],
    "fanIn": {"mode": "quorum", "quorum": 2, "timeoutSeconds": 5, "maxEntries": 100},
    "partitioning": {"mode": "hash", "key": "metadata.user", "partitions": 8, "sticky": True},
    "lifecycle": {"strategy": "drain_cutover", "drainTimeoutSeconds": 30, "maxInFlight": 100},
    "observability": {
        "metrics": {"enabled": True},
        "tracing": {"enabled": True, "sampleRate": 5, "samplePolicy": "rate"},
        "watermark": {"enabled": False, "timestampSource": "metadata.event_time"},
    },
    "recording": {
        "mode": "metadata",
        "sampleRate": 100,
        "retentionSeconds": 86400,
        "redactFields": ["payload.token"],
    },
}


def test_settings_read_and_write_all_they_have() -> None:
    settings = StreamingSettings.model_validate(STREAMING)

    assert dumped(settings) == STREAMING
    assert fields_left_out(streaming, settings) == set()


def test_what_nobody_said_has_no_value() -> None:
    """A Story's settings are laid over the Transport's: a default would cover the latter."""
    assert set(StreamingSettings().model_dump().values()) == {None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("backpressure", "buffer", "maxMessages"), -1),
        (("backpressure", "buffer", "maxBytes"), "1MiB"),
        (("backpressure", "buffer", "maxAgeSeconds"), -1),
        (("backpressure", "buffer", "dropPolicy"), "newest"),
        (("flowControl", "mode"), "tokens"),
        (("flowControl", "initialCredits", "messages"), -1),
        (("flowControl", "ackEvery", "maxDelay"), 250),
        (("flowControl", "pauseThreshold", "bufferPct"), 101),
        (("flowControl", "resumeThreshold", "bufferPct"), 0.5),
        (("delivery", "ordering"), "total"),
        (("delivery", "semantics"), "exactly_once"),
        (("delivery", "replay", "mode"), "disk"),
        (("delivery", "replay", "checkpointInterval"), "1"),
        (("routing", "mode"), "mesh"),
        (("routing", "maxDownstreams"), 0),
        (("routing", "rules", 0, "action"), "drop"),
        (("lanes", 0, "name"), "Voice"),
        (("lanes", 0, "name"), ""),
        (("lanes", 0, "kind"), "text"),
        (("lanes", 0, "maxBytes"), -1),
        (("fanIn", "quorum"), 0),
        (("fanIn", "timeoutSeconds"), -1),
        (("fanIn", "maxEntries"), 0),
        (("partitioning", "partitions"), 0),
        (("partitioning", "sticky"), "yes"),
        (("lifecycle", "strategy"), "canary"),
        (("lifecycle", "drainTimeoutSeconds"), -1),
        (("observability", "tracing", "sampleRate"), 101),
        (("observability", "tracing", "samplePolicy"), "sometimes"),
        (("recording", "mode"), "all"),
        (("recording", "sampleRate"), -1),
        (("recording", "redactFields"), "payload.token"),
    ],
)
def test_settings_out_of_bounds_are_refused_at_their_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        StreamingSettings.model_validate(changed(STREAMING, path, value))

    assert refused.value.errors()[0]["loc"] == path
