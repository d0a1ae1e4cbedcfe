"""JSON Schema, draft 7, as BubuStack applies it: is a schema valid, does a value fit, defaults.

Source: bobrapet, schema validation and input defaults.
"""

from runwright.rules.schemas.defaults import with_defaults
from runwright.rules.schemas.definitions import schema_problems
from runwright.rules.schemas.validation import violations

__all__ = ["schema_problems", "violations", "with_defaults"]
