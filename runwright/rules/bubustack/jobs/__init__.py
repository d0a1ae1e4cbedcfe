"""What a step becomes in a cluster: its Job and pod, its StepRun, and what its run may do there."""

from runwright.rules.bubustack.jobs.access import access_of, added_access, lacks_account
from runwright.rules.bubustack.jobs.problems import (
    job_problems,
    secret_problems,
    step_problems,
)
from runwright.rules.bubustack.jobs.record import Begun
from runwright.rules.bubustack.jobs.template import cluster_variables, job_template
from runwright.rules.bubustack.jobs.work import Work

__all__ = [
    "Begun",
    "Work",
    "access_of",
    "added_access",
    "cluster_variables",
    "job_problems",
    "job_template",
    "lacks_account",
    "secret_problems",
    "step_problems",
]
