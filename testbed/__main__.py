"""A Kubernetes of one's own: `python -m testbed up|down|load|build`.

`load` brings the image of the checkout's Runwright to the node, `build` only fills the cache.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from testbed import binaries, starting
from testbed.cluster import Reach
from testbed.errors import TestbedError


def _up() -> None:
    testbed = starting.up()
    if testbed.shortfall:
        _say(f"NO NODE, only a control plane; no pod will start. {testbed.shortfall}")
    if testbed.reach is Reach.GIVEN:
        _say("nothing was started: KUBECONFIG names a cluster")
    sys.stdout.write(f"export KUBECONFIG={testbed.kubeconfig}\n")


def _load() -> None:
    _say(starting.up().load_runwright())


def _build() -> None:
    for build in binaries.ALL:
        _say(str(build()))


def _say(text: str) -> None:
    # Standard output is for the shell: eval "$(python -m testbed up)".
    sys.stderr.write(f"testbed: {text}\n")


_COMMANDS: Final[dict[str, Callable[[], None]]] = {
    "up": _up,
    "down": starting.down,
    "load": _load,
    "build": _build,
}


def main() -> int:
    """Do what was asked for; 1 if that cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    parser.add_argument("command", choices=_COMMANDS)
    try:
        _COMMANDS[parser.parse_args().command]()
    except TestbedError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
