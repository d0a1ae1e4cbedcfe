"""Whether Engrams and their templates may be used."""

from runwright.errors import Problem
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.rules.bubustack.admission.durations import (
    negative_in_advice,
    negative_in_execution,
)
from runwright.rules.bubustack.admission.sizes import (
    LARGEST_BLOCK,
    object_size_problem,
    size_problem,
)
from runwright.rules.schemas import schema_problems, violations


def engram_problems(engram: Engram, template: EngramTemplate | None = None) -> list[Problem]:
    """Return every reason for which an Engram is refused; against its template if that is given.

    Source: bobrapet, Engram webhook; ours: no duration of its execution is below 0.
    """
    problems = [
        *object_size_problem(engram),
        *size_problem(engram.spec.with_, LARGEST_BLOCK, "spec.with"),
        *negative_in_execution(engram.spec.overrides, "spec.overrides"),
        *negative_in_execution(engram.spec.execution_policy, "spec.executionPolicy"),
    ]
    if template is None or template.spec.config_schema is None:
        return problems
    given = engram.spec.with_ or {}
    return problems + violations(template.spec.config_schema, given, "spec.with", templates=True)


def engram_template_problems(template: EngramTemplate) -> list[Problem]:
    """Return every reason for which an EngramTemplate is refused.

    Source: bobrapet, EngramTemplate webhook; ours: no duration that it recommends is below 0.
    """
    schemas = {
        "spec.configSchema": template.spec.config_schema,
        "spec.inputSchema": template.spec.input_schema,
        "spec.outputSchema": template.spec.output_schema,
    }
    advice = negative_in_advice(template.spec.execution, "spec.execution")
    found = [*object_size_problem(template), *advice]
    for path, schema in schemas.items():
        if schema is not None:
            found += schema_problems(schema, path)
    return found
