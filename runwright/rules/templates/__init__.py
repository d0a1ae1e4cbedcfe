"""Templates in the fields of a document: what they mention, and what they come to.

This version understands plain references: `{{ inputs.version }}`, `{{ steps.build.output.url }}`,
`{{ steps["build"].output.files[0] }}`, each with or without a leading dot and trim markers.
Everything else that Go's text/template knows is refused, plainly and before a run starts.

Source: BubuStack core, package templating.
"""

from runwright.rules.templates.evaluation import evaluate, truth
from runwright.rules.templates.inspection import Mention, check, mentions, references
from runwright.rules.templates.scope import INPUTS, STEPS, step_scope
from runwright.rules.templates.syntax import is_template

__all__ = [
    "INPUTS",
    "STEPS",
    "Mention",
    "check",
    "evaluate",
    "is_template",
    "mentions",
    "references",
    "step_scope",
    "truth",
]
