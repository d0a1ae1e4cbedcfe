"""What models are made of: resources as a cluster sends them, and messages of our own.

Each is built when it is used first: nobody needs those of all systems at once.
"""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """Part of a custom resource: camelCase on the wire, fields that we do not know tolerated."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        extra="ignore",
        defer_build=True,
    )


class StrictWireModel(WireModel, extra="forbid"):
    """Part of a document whose system takes no field that it does not know."""


class Message(BaseModel):
    """One of our own messages: camelCase in JSON like a resource, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        extra="forbid",
        defer_build=True,
    )
