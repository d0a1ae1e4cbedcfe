"""What bobrapet's CRDs and webhooks refuse, and what they only warn about.

Each rule is a function of its own; the functions here put them together, so that every problem of
a document is reported at once. The models have checked types and single fields before.
"""

from runwright.rules.bubustack.admission.components import (
    engram_problems,
    engram_template_problems,
)
from runwright.rules.bubustack.admission.runs import (
    is_spec_change_allowed,
    step_run_problems,
    story_run_problems,
)
from runwright.rules.bubustack.admission.story import (
    graph_problems,
    limitations,
    story_problems,
    story_warnings,
    unsupported_problems,
)

__all__ = [
    "engram_problems",
    "engram_template_problems",
    "graph_problems",
    "is_spec_change_allowed",
    "limitations",
    "step_run_problems",
    "story_problems",
    "story_run_problems",
    "story_warnings",
    "unsupported_problems",
]
