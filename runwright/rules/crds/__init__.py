"""What a cluster must know of our kinds: CustomResourceDefinitions, made from the models."""

from runwright.rules.crds.definitions import definition, object_schema
from runwright.rules.crds.kinds import Kind
from runwright.rules.crds.served import SERVED

__all__ = ["SERVED", "Kind", "definition", "object_schema"]
