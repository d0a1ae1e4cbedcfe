"""What the status of a Promise, or of a request, shows."""

from collections.abc import Mapping
from typing import Any


def pipelines_in(status: Mapping[str, Any], action: str = "configure") -> list[dict[str, Any]]:
    """Return the pipelines that a status shows."""
    workflows = (status.get("kratix") or {}).get("workflows") or {}
    flat = workflows.get("pipelines") or []
    return list((workflows.get(action) or {}).get("pipelines") or flat)


def phases_in(status: Mapping[str, Any], action: str = "configure") -> list[str]:
    """Return the phases of the pipelines that a status shows."""
    return [one["phase"] for one in pipelines_in(status, action)]


def job_of(status: Mapping[str, Any], pipeline: str) -> str:
    """Return the Job of a pipeline that a status shows as running."""
    both = [*pipelines_in(status), *pipelines_in(status, "delete")]
    found = [one for one in both if one["name"] == pipeline and one["phase"] == "Running"]
    return str(found[-1].get("jobName", "")) if found else ""


def condition_in(status: Mapping[str, Any], type_: str) -> tuple[str, str]:
    """Return status and reason of a condition; empty where there is none."""
    found = [one for one in status.get("conditions") or [] if one["type"] == type_]
    return (found[0]["status"], found[0]["reason"]) if found else ("", "")
