"""Asking etcd and the API server over HTTPS, as the API server and as the admin."""

import http.client
import json
import ssl
from typing import Any

from testbed import certificates
from testbed.errors import TestbedError
from testbed.layout import LOOPBACK, Port


def is_ready(host: str, port: Port, path: str) -> bool:
    """Return whether that path is answered with 200."""
    try:
        return _asked(host, port, "GET", path)[0] == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def api_server(host: str, path: str) -> dict[str, Any] | None:
    """Return the object at that path, or None while there is none, or nobody answers."""
    try:
        status, answer = _asked(host, Port.API_SERVER, "GET", path)
    except (OSError, http.client.HTTPException):
        return None
    return _parsed(answer) if status == http.client.OK else None


def etcd(path: str, question: dict[str, Any]) -> dict[str, Any]:
    """Return etcd's answer to a call of its JSON interface, as `/v3/kv/range`.

    Raises:
        TestbedError: it refused.
    """
    status, answer = _asked(LOOPBACK, Port.ETCD, "POST", path, json.dumps(question))
    if status != http.client.OK:
        message = f"ask etcd {path}: HTTP {status} {answer.decode(errors='replace')}"
        raise TestbedError(message)
    return _parsed(answer)


def _parsed(answer: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer)
    return content


def _asked(host: str, port: Port, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(host, int(port), timeout=5, context=_context())
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _context() -> ssl.SSLContext:
    name = certificates.API_CLIENT
    context = ssl.create_default_context(cafile=certificates.certificate(certificates.AUTHORITY))
    context.load_cert_chain(certificates.certificate(name), certificates.key(name))
    return context
