"""What is said of a run that was just started."""

from rich.text import Text

from runwright.cli.output import Output, show
from runwright.models.base import Message
from runwright.rules.bubustack.explanation import shown_name


class Started(Message):
    """Which run was started."""

    namespace: str
    name: str
    workflow_id: str


def show_started(started: Started, what: str, output: Output) -> None:
    """Say which run was started, and how to see it."""
    run = f"{started.namespace}/{started.name}"
    line = f"{what}: run {run}; watch it: runwright watch {shown_name(started)}"
    show(started, output, lambda _: Text(line))
