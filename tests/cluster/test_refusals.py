"""An API server that refuses, breaks off and forgets to answer, time and again."""

import random
from http import HTTPStatus
from typing import Final

import pytest
from aiohttp import web

from tests.cluster.ledger import Ledger
from tests.cluster.proxy import Interference, Pass, Proxy, refusal
from tests.cluster.runs import Stage, phase_of, step

_CHANCE: Final = 0.25
_FAILURES: Final = 15
"""Each may put a step off for longer than the last one did."""
_GRANTED: Final = 0.5
"""Of those that fail, how many were granted all the same."""
_TROUBLES: Final = (
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.GATEWAY_TIMEOUT,
)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_run_ends_well_although_many_requests_fail(
    stage: Stage, proxy: Proxy, ledger: Ledger, seed: int
) -> None:
    """Whether a request that failed was granted all the same, nobody who asked can know."""
    stage.environ = proxy.environ
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))
    proxy.interfere(".", _troubled(proxy, random.Random(seed)))  # noqa: S311 - no secret

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        state = await stage.state(run)

    assert phase_of(run) == "Succeeded"
    assert {step.tries for step in state.steps.values()} == {1}
    assert ledger.began == {"web-1-build": 1, "web-1-deploy": 1}


def _troubled(proxy: Proxy, chance: random.Random) -> Interference:
    """Return what refuses some requests, and does not tell of others that they were granted."""
    left = iter(range(_FAILURES))

    async def treat(request: web.Request, pass_on: Pass) -> web.StreamResponse:
        if chance.random() > _CHANCE or next(left, None) is None:
            return await pass_on()
        is_watch = request.query.get("watch") == "true"
        if not is_watch and chance.random() < _GRANTED:
            await proxy.ask(request)
        return refusal(chance.choice(_TROUBLES))

    return treat
