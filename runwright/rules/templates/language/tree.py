"""What a template consists of, when it was read.

Every node knows where it starts, in characters from 0.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Subscript(NamedTuple):
    """A step of a path that is written in brackets: `["a b"]`, `[0]`."""

    key: str | int


Step = str | Subscript
"""A field by its name, or what brackets hold."""


class Dot(NamedTuple):
    """The value that a block is about."""

    at: int


class Nil(NamedTuple):
    """The value that is none."""

    at: int


class Bool(NamedTuple):
    """True or false."""

    at: int
    value: bool


class Text(NamedTuple):
    """A quotation, or what stands between actions."""

    at: int
    value: str


class Number(NamedTuple):
    """A number, as each type that it can be of; None: it cannot."""

    at: int
    source: str
    whole: int | None = None
    unsigned: int | None = None
    decimal: float | None = None
    pair: complex | None = None


class Function(NamedTuple):
    """The name of a function."""

    at: int
    name: str


class Root(NamedTuple):
    """A root of the scope by its bare name, and the way from there."""

    at: int
    name: str


class Variable(NamedTuple):
    """A variable; `$` is the first one."""

    at: int
    name: str


class Path(NamedTuple):
    """The way from a value into it: `.a.b`, `$x.y[0]`, `(f).z`."""

    at: int
    start: "Operand"
    steps: tuple[Step, ...]


class Command(NamedTuple):
    """A value, or a function or method with its arguments."""

    at: int
    words: tuple["Operand", ...]


class Pipeline(NamedTuple):
    """Commands that hand on their results; the variables that the last result goes to."""

    at: int
    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False
    """Whether the variables exist already."""


Operand = Dot | Nil | Bool | Text | Number | Function | Root | Variable | Path | Pipeline


class Action(NamedTuple):
    """A pipeline whose result is printed, unless it goes to a variable."""

    at: int
    pipeline: Pipeline


class If(NamedTuple):
    """One of two lists of nodes."""

    at: int
    pipeline: Pipeline
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


class With(NamedTuple):
    """Like if; within the first list the dot is the result."""

    at: int
    pipeline: Pipeline
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


class Range(NamedTuple):
    """A list of nodes for every entry; another one where there is none."""

    at: int
    pipeline: Pipeline
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


class Break(NamedTuple):
    """The end of a range."""

    at: int


class Continue(NamedTuple):
    """The end of one turn of a range."""

    at: int


class Call(NamedTuple):
    """The place of a template that has a name; without a pipeline its dot is nothing."""

    at: int
    name: str
    pipeline: Pipeline | None


Node = Text | Action | If | With | Range | Break | Continue | Call


class Template(NamedTuple):
    """A text that was read, and the templates that it defines by name."""

    text: str
    nodes: tuple[Node, ...]
    defined: Mapping[str, tuple[Node, ...]]
