"""Whether Engrams and their templates may be used."""

from runwright.errors import Problem
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.rules.bubustack.admission.sizes import (
    LARGEST_BLOCK,
    object_size_problem,
    size_problem,
)
from runwright.rules.schemas import schema_problems, violations


def engram_problems(engram: Engram, template: EngramTemplate | None = None) -> list[Problem]:
    """Return every reason for which an Engram is refused; against its template if that is given.

    Source: bobrapet, Engram webhook.
    """
    problems = [
        *object_size_problem(engram),
        *size_problem(engram.spec.with_, LARGEST_BLOCK, "spec.with"),
    ]
    if template is None or template.spec.config_schema is None:
        return problems
    given = engram.spec.with_ or {}
    return problems + violations(template.spec.config_schema, given, "spec.with", templates=True)


def engram_template_problems(template: EngramTemplate) -> list[Problem]:
    """Return every reason for which an EngramTemplate is refused.

    Source: bobrapet, EngramTemplate webhook.
    """
    schemas = {
        "spec.configSchema": template.spec.config_schema,
        "spec.inputSchema": template.spec.input_schema,
        "spec.outputSchema": template.spec.output_schema,
    }
    found = object_size_problem(template)
    for path, schema in schemas.items():
        if schema is not None:
            found += schema_problems(schema, path)
    return found
