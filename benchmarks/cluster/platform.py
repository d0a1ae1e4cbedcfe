"""A platform of one Promise on the stand: its requests, and what a watch says of them."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import psutil
import yaml

from adapters.kubernetes.resources import (
    JOBS,
    PODS,
    PROMISES,
    RESOURCE_BINDINGS,
    WORKS,
    Resource,
)
from benchmarks.cluster.stand import Site, site
from runwright.models.kratix import API_VERSION, SYSTEM_NAMESPACE, KratixConfig
from runwright.models.kratix.keys import PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.rules.kratix.configuration import CONFIG_MAP
from testbed.cluster import Testbed
from testbed.images.contents import BUSYBOX, PIPELINE_ADAPTER

_SMALL: Final = {"requests": {"cpu": "10m", "memory": "16Mi"}}
CONFIG: Final = KratixConfig.model_validate({"workflows": {"defaultContainerResources": _SMALL}})
"""The platform's: with Kratix's own defaults 20 pods would not find room on two cores."""
_LABEL: Final = "benchmark"
_AT_ONCE: Final = 32
"""Requests to the API server."""


class Platform:
    """A Promise on a site, whose pipelines do nothing, and the requests for it."""

    def __init__(self, place: Site, pipelines: Sequence[str]) -> None:
        self.place = place
        self.promise = place.namespace
        self.kind = Resource(f"{place.namespace}.example.org/v1", "Demo", "demos")
        self.pipelines = [_pipeline(name) for name in pipelines]

    async def offer(self) -> None:
        """Create the Promise; a worker makes its API served."""
        spec = {
            "api": _api(self.kind),
            "workflows": {"resource": {"configure": self.pipelines}},
        }
        metadata = {"name": self.promise, "labels": {_LABEL: self.promise}}
        await self.place.create(API_VERSION, "Promise", metadata, spec)

    def worker(self) -> AbstractAsyncContextManager[psutil.Process]:
        """Have a worker serve this Promise, and nothing else of the cluster."""
        return self.place.worker(
            RUNWRIGHT_WATCH_NAMESPACE="",
            RUNWRIGHT_BUBUSTACK="off",
            RUNWRIGHT_KRATIX="on",
            RUNWRIGHT_KRATIX_SELECTOR=f"{_LABEL}={self.promise}",
            RUNWRIGHT_PIPELINE_ADAPTER_IMAGE=PIPELINE_ADAPTER,
        )

    async def offered(self) -> None:
        """Return when requests for the Promise can be made."""
        await self.place.until(PROMISES, [self.promise], is_available)
        group = self.kind.api_version.partition("/")[0]
        crd = f"crd/{self.kind.plural}.{group}"
        self.place.testbed.kubectl("wait", "--for=condition=Established", crd)

    async def change(self) -> None:
        """Change the Promise, so that every request for it has to run anew."""
        for pipeline in self.pipelines:
            pipeline["spec"]["containers"][0]["env"] = [{"name": "CHANGED", "value": "true"}]
        patch = {"spec": {"workflows": {"resource": {"configure": self.pipelines}}}}
        await self.place.cluster.patch(PROMISES, ("", self.promise), patch)

    async def ask(self, count: int, **metadata: Any) -> list[str]:
        """Create so many requests, and return their names."""
        names = [f"d{uuid.uuid4().hex[:8]}" for _ in range(count)]
        items = [
            {
                "apiVersion": self.kind.api_version,
                "kind": self.kind.kind,
                "metadata": {**self.place.named(name), **metadata},
                "spec": {"size": "small"},
            }
            for name in names
        ]
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        create = partial(self.place.testbed.kubectl, "create", "--filename=-")
        await asyncio.to_thread(create, text=json.dumps(listed))
        return names

    async def done(self, count: int) -> list[str]:
        """Create so many requests, and return their names when all their pipelines are over."""
        names = await self.ask(count)
        await self.place.until(self.kind, names, self.is_over)
        return names

    async def timed(self, count: int) -> float:
        """Return the seconds from the creation of so many requests to the end of the last one.

        They begin when the first of them arrives at the API server: before that kubectl starts.
        """
        log = self.place.audit()
        await self.done(count)
        ended = datetime.now(UTC)
        asked = log.requests(self.place.namespace)
        created = (one for one in asked if (one.verb, one.resource) == ("create", self.kind.plural))
        return (ended - next(created).received_at).total_seconds()

    def is_over(self, request: Manifest) -> bool:
        """Return whether every pipeline of a request succeeded, and it says so."""
        status: Mapping[str, Any] = request.get("status") or {}
        completed = condition(status, "ConfigureWorkflowCompleted")
        return completed == "True" and status.get("workflowsSucceeded") == len(self.pipelines)

    async def clear(self) -> None:
        """Remove all requests, with what belongs to them, and then whatever Jobs are left."""
        await self._delete_all(self.kind)
        await self._delete_all(JOBS)
        for resource in (WORKS, PODS):
            await self._gone(resource)

    async def _delete_all(self, resource: Resource) -> None:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(name: str) -> None:
            async with at_once:
                await self.place.cluster.delete(resource, (self.place.namespace, name))

        there = await self.place.all(resource)
        await asyncio.gather(*(one(each["metadata"]["name"]) for each in there))
        await self._gone(resource)

    async def _gone(self, resource: Resource) -> None:
        while await self.place.all(resource):  # noqa: ASYNC110 - what the cluster does is looked at
            await asyncio.sleep(0.2)

    async def remove(self) -> None:
        """Remove the Promise and what belongs to it: there is no worker any more that would."""
        cluster, without = self.place.cluster, {"metadata": {"finalizers": None}}
        await cluster.delete(PROMISES, ("", self.promise))
        await cluster.patch(PROMISES, ("", self.promise), without)
        for resource in (self.kind, WORKS, RESOURCE_BINDINGS):
            for one in await self.place.all(resource):
                name = self.place.namespace, one["metadata"]["name"]
                await cluster.patch(resource, name, without)
        marked = f"--selector={PROMISE_NAME}={self.promise}"
        for kind in ("crd", "promiserevision", "clusterrole", "clusterrolebinding"):
            self.place.testbed.kubectl("delete", kind, marked, "--wait=false")


@asynccontextmanager
async def platform(*pipelines: str) -> AsyncGenerator[Platform]:
    """Give a site with a Promise of pipelines that are called so, and no worker yet."""
    async with site() as place, _configured(place.testbed):
        offer = Platform(place, pipelines)
        await offer.offer()
        try:
            yield offer
        finally:
            await offer.remove()


@asynccontextmanager
async def _configured(testbed: Testbed) -> AsyncGenerator[None]:
    """Have Kratix's kinds, and the settings of the platform; what was there before comes back."""
    kinds = "--filename=deploy/crds/kratix"
    testbed.kubectl("apply", "--server-side", "--force-conflicts", kinds)
    name = {"name": CONFIG_MAP, "namespace": SYSTEM_NAMESPACE}
    said = CONFIG.model_dump(mode="json", by_alias=True, exclude_unset=True)
    ours = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": name}
    where = (f"--namespace={SYSTEM_NAMESPACE}", "--ignore-not-found")
    testbed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}})
    there = testbed.kubectl("get", "configmap", CONFIG_MAP, *where, "--output=jsonpath={.data}")
    testbed.apply({**ours, "data": {"config": yaml.safe_dump(said)}})
    try:
        yield
    finally:
        if there:
            testbed.apply({**ours, "data": json.loads(there)})
        else:
            testbed.kubectl("delete", "configmap", CONFIG_MAP, *where)


def condition(status: Mapping[str, Any], type_: str) -> str:
    """Return the status of a condition; empty where there is none."""
    found = (one["status"] for one in status.get("conditions") or () if one["type"] == type_)
    return next(found, "")


def is_available(promise: Manifest) -> bool:
    """Return whether a Promise says that it can fulfil requests."""
    return condition(promise.get("status") or {}, "Available") == "True"


def _pipeline(name: str) -> dict[str, Any]:
    step = {"name": "step", "image": BUSYBOX, "command": ["/bin/true"]}
    return {
        "apiVersion": API_VERSION,
        "kind": "Pipeline",
        "metadata": {"name": name},
        "spec": {"containers": [step], "jobOptions": {"backoffLimit": 0}},
    }


def _api(kind: Resource) -> dict[str, Any]:
    """Return the definition of the requests."""
    group, _, version = kind.api_version.partition("/")
    size = {"type": "object", "properties": {"size": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": size}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{group}"},
        "spec": {
            "group": group,
            "names": {
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "kind": kind.kind,
            },
            "scope": "Namespaced",
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }
