"""A Promise and requests for it, on whatever keeps them."""

from typing import Any, Protocol

from adapters.memory.kratix import MemoryParents, MemoryPipelines, MemoryPromises, MemoryRemoval
from adapters.memory.platform import MemoryPlatform
from runwright.models.kratix import Parent
from runwright.ports.kratix import Parents, Pipelines, Promises, Removal
from tests.unit.rules.kratix.documents import promise_manifest


class ContractPlatform(Protocol):
    """The four ports, and a person who changes what is behind them."""

    @property
    def parents(self) -> Parents:
        """The port Parents."""
        ...

    @property
    def pipelines(self) -> Pipelines:
        """The port Pipelines."""
        ...

    @property
    def removal(self) -> Removal:
        """The port Removal."""
        ...

    @property
    def promises(self) -> Promises:
        """The port Promises."""
        ...

    async def offered(self, **fields: Any) -> Parent:
        """Create the Promise and have its API served; `fields` go to metadata or spec."""
        ...

    async def request(self, name: str = "orders", namespace: str = "", /) -> Parent:
        """Create a request for it."""
        ...

    async def hold(self, parent: Parent, *finalizers: str) -> None:
        """Give a parent these finalizers and no others."""
        ...

    async def delete(self, parent: Parent) -> None:
        """Ask for the deletion of a parent."""
        ...


class MemoryKratix:
    """The platform in memory."""

    def __init__(self) -> None:
        self._platform: MemoryPlatform | None = None

    @property
    def platform(self) -> MemoryPlatform:
        """The platform, once the Promise is there."""
        assert self._platform is not None
        return self._platform

    @property
    def parents(self) -> Parents:
        """The port Parents."""
        return MemoryParents(self.platform)

    @property
    def pipelines(self) -> Pipelines:
        """The port Pipelines."""
        return MemoryPipelines(self.platform)

    @property
    def removal(self) -> Removal:
        """The port Removal."""
        return MemoryRemoval(self.platform)

    @property
    def promises(self) -> Promises:
        """The port Promises."""
        return MemoryPromises(self.platform)

    async def offered(self, **fields: Any) -> Parent:
        """Create the Promise."""
        self._platform = MemoryPlatform(promise_manifest("database", **fields))
        return self._platform.parent()

    async def request(self, name: str = "orders", namespace: str = "", /) -> Parent:
        """Create a request for it."""
        metadata = {"name": name, "namespace": namespace or "shop"}
        return self.platform.apply(
            {
                "apiVersion": "example.org/v1",
                "kind": "Database",
                "metadata": metadata,
                "spec": {"size": 1},
            }
        )

    async def hold(self, parent: Parent, *finalizers: str) -> None:
        """Give a parent these finalizers and no others."""
        self.platform.edit(parent, finalizers=list(finalizers))

    async def delete(self, parent: Parent) -> None:
        """Ask for the deletion of a parent."""
        self.platform.delete(parent)
