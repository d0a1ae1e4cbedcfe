"""Templates in the fields of a document: what they mention, and what they come to.

The language is that of Go's text/template, with the functions of Sprig that a system lets in; a
`Dialect` says which, and how paths are written. What a template comes to depends on its text, its
scope, and the time and chance that the caller gives: it is the same wherever and whenever it is
evaluated, and bounded by counted steps, never by a clock.

Source: BubuStack core, package templating; Go, text/template; Sprig.
"""

from runwright.rules.templates.dialects import BUBUSTACK, Dialect
from runwright.rules.templates.evaluation import (
    WRAPPED,
    evaluate,
    evaluate_object,
    is_template,
    render,
    truth,
)
from runwright.rules.templates.inspection import Mention, check, mentions, references
from runwright.rules.templates.scope import INPUTS, PACKET, STEPS, step_scope

__all__ = [
    "BUBUSTACK",
    "INPUTS",
    "PACKET",
    "STEPS",
    "WRAPPED",
    "Dialect",
    "Mention",
    "check",
    "evaluate",
    "evaluate_object",
    "is_template",
    "mentions",
    "references",
    "render",
    "step_scope",
    "truth",
]
