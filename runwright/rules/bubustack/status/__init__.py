"""What a cluster is shown of a run: statuses, the patches between them, and Events.

A run renders its status anew at every change; what goes to the cluster is the difference.
"""

from runwright.rules.bubustack.status.changes import update_of
from runwright.rules.bubustack.status.events import EventReason
from runwright.rules.bubustack.status.run import story_run_status
from runwright.rules.bubustack.status.step import step_run_status

__all__ = ["EventReason", "step_run_status", "story_run_status", "update_of"]
