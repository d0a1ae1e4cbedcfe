"""What a function takes and returns, in the types that Go's templates check."""

from collections.abc import Callable, Mapping
from enum import Enum
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from runwright.rules.templates.execution.allowance import QUICK, SLOW, Allowance
from runwright.rules.templates.values.moments import Moment


class Parameter(Enum):
    """The type of a parameter, by its name in Go."""

    ANY = "interface {}"
    TEXT = "string"
    INT = "int"
    INT64 = "int64"
    BOOL = "bool"
    FLOAT = "float64"
    OBJECT = "map[string]interface {}"
    MOMENT = "time.Time"
    VERSION = "*semver.Version"


class Surroundings(Protocol):
    """What a function may ask for besides its arguments."""

    @property
    def allowance(self) -> Allowance:
        """Return the steps that are left."""
        ...

    def now(self) -> Moment:
        """Return the time of the evaluation."""
        ...

    def random(self) -> Random:
        """Return where chance comes from."""
        ...


class Function(NamedTuple):
    """A function that templates can call."""

    call: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    rest: Parameter | None = None
    """Of any number of arguments behind the parameters; None: there can be none."""
    asks: bool = False
    """Whether it gets the surroundings before its arguments."""
    goes_deep: bool = False
    """Whether it looks at everything that lies in its arguments."""
    pace: int = QUICK
    """How many characters of a text are one step, as a power of two."""
    takes_offloaded: bool = False
    """Whether it is content with a reference into a store."""


Functions = Mapping[str, Function]
_NAMES: Final = {
    "any": Parameter.ANY,
    "text": Parameter.TEXT,
    "int": Parameter.INT,
    "int64": Parameter.INT64,
    "bool": Parameter.BOOL,
    "float": Parameter.FLOAT,
    "object": Parameter.OBJECT,
    "moment": Parameter.MOMENT,
    "version": Parameter.VERSION,
}


def function(
    call: Callable[..., Any], signature: str = "", *, slow: bool = False, **traits: bool
) -> Function:
    """Return a function with a signature such as `text int any...`.

    `slow` is one that goes from character to character; the other traits are those of `Function`.
    """
    words = signature.split()
    rest = words.pop().removesuffix("...") if signature.endswith("...") else None
    parameters = tuple(_NAMES[word] for word in words)
    pace = SLOW if slow else QUICK
    return Function(call, parameters, _NAMES[rest] if rest else None, pace=pace, **traits)
