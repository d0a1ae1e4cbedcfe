"""Reaching an API server as kubectl does: by a kubeconfig, or from within a pod."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, cast
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from kubernetes.aio import client, config

from runwright.errors import ClusterUnavailableError
from runwright.rules.wording import excerpt

_IN_A_POD: Final = "KUBERNETES_SERVICE_HOST"
_CONNECTIONS: Final = 200
"""At once; each watch holds one."""
_LONGEST_MESSAGE: Final = 256


class Connection:
    """Credentials that were read, and the connections that use them."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._users = 0
        self._is_given_up = False

    @property
    def host(self) -> str:
        """Return where the API server is, as `https://10.96.0.1:443`."""
        return str(self._api.configuration.host)

    @property
    def route(self) -> dict[str, Any]:
        """Return what a request takes to get there: a proxy, another name in the certificate."""
        settings = self._api.configuration
        given = {"proxy": settings.proxy, "server_hostname": settings.tls_server_name}
        return {name: value for name, value in given.items() if value}

    def http(self) -> aiohttp.ClientSession:
        """Return the library's own session, with its TLS settings and its pool."""
        rest = self._api.rest_client
        if rest.pool_manager is None:  # it makes it at a first request of its own only
            rest.pool_manager = rest._create_pool_manager()
        session: aiohttp.ClientSession = rest.pool_manager
        return session

    async def credentials(self) -> dict[str, str]:
        """Return the headers that prove who asks; a token that is about to expire is renewed.

        Raises:
            ClusterUnavailableError: it could not be renewed.
        """
        headers: dict[str, str] = {}
        try:
            await self._api.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        except Exception as error:  # whatever the file, the plugin or the issuer came to
            raise _unreadable(error) from error
        return headers

    @asynccontextmanager
    async def used(self) -> AsyncGenerator[None]:
        """Keep the connections open meanwhile, also when they are given up."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            await self._close_unused()

    async def give_up(self) -> None:
        """Close all connections as soon as nobody uses them."""
        self._is_given_up = True
        await self._close_unused()

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()

    async def _close_unused(self) -> None:
        if self._is_given_up and not self._users:
            with suppress(Exception):  # whatever it says, nobody will use it any more
                await self.close()


async def connect(environ: Mapping[str, str]) -> Connection:
    """Return a connection with the credentials as they are now; its user closes it.

    `KUBECONFIG` counts most; without it a pod uses its ServiceAccount, and everybody else the
    file that kubectl uses.

    Raises:
        ClusterUnavailableError: there are no credentials, or they cannot be read.
    """
    settings = cast("Any", client.Configuration())
    library = cast("Any", config)
    given = environ.get("KUBECONFIG", "")
    try:
        if not given and environ.get(_IN_A_POD):
            library.load_incluster_config(settings)
        else:
            file = given or f"{environ.get('HOME', os.sep)}/.kube/config"
            await library.load_kube_config(config_file=file, client_configuration=settings)
    except Exception as error:  # a file may be anything while somebody writes it
        raise _unreadable(error) from error
    settings.proxy = settings.proxy or _proxy_for(settings.host, environ)
    settings.connection_pool_maxsize = _CONNECTIONS
    # By the environment's word it would look into a netrc file for each request.
    settings.client_session_kwargs = {"trust_env": False}
    settings.retries = False  # who asks decides whether to ask again
    return Connection(client.ApiClient(settings))


def _unreadable(error: Exception) -> ClusterUnavailableError:
    said = excerpt(str(error) or type(error).__name__, _LONGEST_MESSAGE)
    return ClusterUnavailableError(f"read the credentials of the cluster: {said}")


def _proxy_for(host: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that kubectl would take by these variables; None: it goes straight."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    direct = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    target = urlsplit(host).netloc
    if not proxy or proxy_bypass(target, {"no": direct}):
        return None
    return proxy
