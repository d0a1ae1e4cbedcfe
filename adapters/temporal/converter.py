"""How messages become payloads: pydantic's JSON, without the fields that say nothing."""

from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, pydantic_data_converter
from temporalio.converter import (
    CompositePayloadConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.exceptions import ApplicationError


class _JSON(PydanticJSONPlainPayloadConverter):
    """JSON of pydantic models, by alias and without None.

    What cannot be read is refused for good, with every problem and none of the values: the SDK's
    own answer to a malformed input is to try the same workflow task for ever.
    """

    def to_payload(self, value: Any) -> Payload | None:
        data = to_json(value, by_alias=True, exclude_none=not _is_plain(value))
        return Payload(metadata={"encoding": self.encoding.encode()}, data=data)

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            message = "; ".join(
                f"{'.'.join(map(str, one['loc'])) or 'input'}: {one['msg']}"
                for one in error.errors(include_url=False, include_input=False)
            )
            kind = "InvalidInput"
            raise ApplicationError(message, type=kind, non_retryable=True) from error


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list | dict)


_CONVERTERS: Final = tuple(
    _JSON() if isinstance(converter, JSONPlainPayloadConverter) else converter
    for converter in DefaultPayloadConverter.default_encoding_payload_converters
)
"""Shared by all, for they keep nothing but what reads a type, which is built when it is used first.

The SDK makes a converter for every run and for every workflow task: with parts of its own, each run
that waits would keep half a megabyte of what reads its start.
"""


class _Converter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


DATA_CONVERTER: Final = replace(pydantic_data_converter, payload_converter_class=_Converter)
"""The one converter of worker, client, tests and replay."""
