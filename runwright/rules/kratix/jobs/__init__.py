"""The Job of a pipeline, and what it needs beside it."""

from runwright.rules.kratix.jobs.access import (
    access_of,
    may_update_account,
    obsolete_access,
    scheduling_config_map,
)
from runwright.rules.kratix.jobs.pod import Platform
from runwright.rules.kratix.jobs.template import job_template, owners_of

__all__ = [
    "Platform",
    "access_of",
    "job_template",
    "may_update_account",
    "obsolete_access",
    "owners_of",
    "scheduling_config_map",
]
