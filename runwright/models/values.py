"""Numbers and free values, as restricted as a CustomResourceDefinition can say it."""

from typing import Annotated, Any

from pydantic import Field

JsonObject = dict[str, Any]
"""An object of free shape: a template, a schema, a result."""

Int32 = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, Field(strict=True, ge=-(2**63), le=2**63 - 1)]
Natural32 = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
"""An int32 from 0."""
Positive32 = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
"""An int32 from 1."""
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
