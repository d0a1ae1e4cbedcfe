"""The probes of a process, as a kubelet asks them."""

from collections.abc import AsyncGenerator, Sequence

import aiohttp
import pytest

from adapters.http.probes import probing
from runwright.errors import InvalidSettingsError
from runwright.models.addresses import Address

HERE = Address("127.0.0.1", 0)
PLAIN = "*/*"


class Process:
    """A process with what speaks against it, and how it is asked."""

    def __init__(self) -> None:
        self.ills: Sequence[str] = ()
        self.lacks: Sequence[str] = ()
        self.address = HERE

    async def answer(self, path: str, accept: str = PLAIN) -> tuple[int, str]:
        """Return the status and the text."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{self.address}{path}", headers={"Accept": accept}) as answer,
        ):
            assert answer.status == 404 or answer.headers["Cache-Control"] == "no-store"
            return answer.status, await answer.text()


@pytest.fixture
async def process() -> AsyncGenerator[Process]:
    one = Process()
    async with probing(HERE, lambda: one.ills, lambda: one.lacks) as one.address:
        yield one


async def test_a_process_that_is_well_is_alive_and_ready(process: Process) -> None:
    assert await process.answer("/healthz") == (200, "ok\n")
    assert await process.answer("/readyz") == (200, "ready\n")


async def test_what_is_missing_makes_a_process_unready_and_lets_it_live(process: Process) -> None:
    """To begin anew would bring neither Temporal nor the cluster back."""
    process.lacks = ["Temporal: connection refused", "Job: not listed yet"]

    ready, alive = await process.answer("/readyz"), await process.answer("/healthz")

    assert ready == (503, "Temporal: connection refused\nJob: not listed yet\n")
    assert alive == (200, "ok\n")


async def test_a_process_that_is_stuck_should_not_live(process: Process) -> None:
    process.ills = ["the event loop is 42 s behind"]

    assert await process.answer("/healthz") == (503, "the event loop is 42 s behind\n")


async def test_each_probe_looks_anew(process: Process) -> None:
    process.lacks = ["Job: not listed yet"]
    before, _ = await process.answer("/readyz")

    process.lacks = ()

    assert before == 503
    assert await process.answer("/readyz") == (200, "ready\n")


async def test_json_is_answered_to_who_accepts_it(process: Process) -> None:
    process.lacks = ["Job: not listed yet"]

    ready = await process.answer("/readyz", "application/json")
    alive = await process.answer("/healthz", "application/json")

    assert ready == (503, '{"status": "not ready", "reasons": ["Job: not listed yet"]}')
    assert alive == (200, '{"status": "ok", "reasons": []}')


@pytest.mark.parametrize("accept", ["text/plain", "text/html,application/json;q=0.9,*/*", PLAIN])
async def test_who_accepts_text_gets_text(process: Process, accept: str) -> None:
    assert await process.answer("/readyz", accept) == (200, "ready\n")


async def test_there_is_nothing_else_to_be_asked(process: Process) -> None:
    assert (await process.answer("/metrics"))[0] == 404


async def test_an_address_that_is_taken_is_a_setting_to_correct(process: Process) -> None:
    taken = str(process.address)

    with pytest.raises(InvalidSettingsError, match=f"^listen for probes at {taken}: Address alr"):
        async with probing(process.address, list, list):
            raise AssertionError


async def test_an_address_is_free_again_once_nobody_probes() -> None:
    async with probing(HERE, list, list) as address:
        pass

    async with probing(address, list, list) as again:
        assert again == address
