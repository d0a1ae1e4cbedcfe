"""Reaching a Temporal server, by the same variables and profile file as its own CLI."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, cast

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode

from adapters.temporal.converter import DATA_CONVERTER
from runwright.errors import RefusedError, TemporalUnavailableError

DEFAULT_ADDRESS: Final = "localhost:7233"
_ANSWER_WITHIN: Final = timedelta(seconds=5)


@asynccontextmanager
async def connected(
    environ: Mapping[str, str], *, address: str | None = None, runtime: Runtime | None = None
) -> AsyncGenerator[Client]:
    """Give a client that is connected; `address` overrules the environment.

    Raises:
        TemporalUnavailableError: nobody answers there.
        RefusedError: whoever answers does not let us in, or the namespace does not exist.
    """
    options = cast(
        "dict[str, Any]", ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
    )
    options["target_host"] = address or options.get("target_host") or DEFAULT_ADDRESS
    client = await _connect(options, runtime)
    try:
        yield client
    finally:
        # A process that ends right after its last call crashes in one of ten cases: the core
        # needs a moment to let go of the connection before the loop is closed.
        del client
        await asyncio.sleep(0.05)


async def _connect(options: dict[str, Any], runtime: Runtime | None) -> Client:
    where = f"connect to Temporal at {options['target_host']}"
    try:
        client = await Client.connect(
            **options,
            data_converter=DATA_CONVERTER,
            runtime=runtime,
            # A tenth of the CPU of both sides, for messages that are small and go a short way.
            grpc_compression=GrpcCompression.NONE,
        )
        await client.service_client.check_health(timeout=_ANSWER_WITHIN)
    except RPCError as error:
        raise translated(error, where) from error
    except RuntimeError as error:
        message = f"{where}: {_innermost(str(error))}"
        raise TemporalUnavailableError(message) from error
    return client


def _innermost(text: str) -> str:
    """Return the reason that a person can use out of the layers that the core wraps around it."""
    reasons = re.findall(r'message: "([^"]+)"', text)
    return reasons[-1] if reasons else text[:256]


_REFUSALS: Final = frozenset(
    {
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.UNIMPLEMENTED,
    }
)


def translated(error: RPCError, attempt: str) -> RefusedError | TemporalUnavailableError:
    """Return our error for one of Temporal's: refused for good, or not to be had now."""
    message = f"{attempt}: {error.status.name} {error.message}"
    if error.status in _REFUSALS:
        return RefusedError(message)
    return TemporalUnavailableError(message)


def of_a_start(error: RPCError, attempt: str) -> RefusedError | TemporalUnavailableError:
    """Return our error for one of Temporal's answers to the start of a workflow.

    Only what it says of the input is final; anything else is no fault of whoever is to run, and
    will be mended.
    """
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return translated(error, attempt)
    return TemporalUnavailableError(f"{attempt}: {error.status.name} {error.message}")


async def register(client: Client, keys: tuple[SearchAttributeKey[Any], ...]) -> tuple[str, ...]:
    """Register the search attributes that the namespace lacks, and return their names.

    Raises:
        RefusedError: a name is taken by another type, or there is no room for more.
        TemporalUnavailableError: Temporal could not be asked.
    """
    missing = await unregistered(client, keys)
    if not missing:
        return ()
    types = {key.name: key.indexed_value_type for key in keys if key.name in missing}
    request = AddSearchAttributesRequest(
        namespace=client.namespace,
        search_attributes={
            name: IndexedValueType.ValueType(int(kind)) for name, kind in types.items()
        },
    )
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        raise translated(error, "register search attributes") from error
    return missing


async def unregistered(
    client: Client, keys: tuple[SearchAttributeKey[Any], ...]
) -> tuple[str, ...]:
    """Return the names of the search attributes that the namespace does not know.

    Raises:
        RefusedError: a name is taken by another type.
        TemporalUnavailableError: Temporal could not be asked.
    """
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        raise translated(error, "list search attributes") from error
    for key in keys:
        if known.custom_attributes.get(key.name, key.indexed_value_type) != key.indexed_value_type:
            message = f"search attribute {key.name} exists with another type than ours"
            raise RefusedError(message)
    return tuple(key.name for key in keys if key.name not in known.custom_attributes)
