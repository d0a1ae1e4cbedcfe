"""What the fields of a model mean, as its source says it below each of them.

pydantic can keep these docstrings itself, but looks for them at every import; here they are looked
for when a schema is made.
"""

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema


class DescribedJsonSchema(GenerateJsonSchema):
    """JSON Schema in which the docstring of a field is the description of its property."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the JSON Schema of a model with its fields described."""
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, description in field_descriptions(model).items():
            made["properties"][_name_on_the_wire(model, name)]["description"] = description
        return made


def summary(description: str) -> str:
    """Return the first paragraph of a description, on one line; what follows is for developers."""
    return " ".join(inspect.cleandoc(description).partition("\n\n")[0].split())


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Return what stands below each field of a model, by the name of the field."""
    bases = [base for base in reversed(model.__mro__) if issubclass(base, BaseModel)]
    return {
        name: description
        for base in bases
        if base is not BaseModel
        for name, description in _described_in(base.__module__).get(base.__name__, {}).items()
    }


@cache
def _described_in(module: str) -> dict[str, dict[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: _below_fields(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _below_fields(model: ast.ClassDef) -> dict[str, str]:
    described: dict[str, str] = {}
    for field, below in pairwise(model.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                described[name] = text
            case _:
                pass
    return described


def _name_on_the_wire(model: type[BaseModel], name: str) -> str:
    alias = model.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else name
