"""Templates that nobody would write: random ones, most of which can be read."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from runwright.rules.templates.functions.bubustack import BUBUSTACK
from runwright.rules.templates.functions.registry import Function, Parameter
from tests.golden.templates.cases import TABLES

_WORDS: Final[dict[str, list[str]]] = TABLES["random"]
_NAMES: Final = tuple(name for name in sorted(BUBUSTACK) if name not in _WORDS["by_chance"])
"""Without those that Go answers differently each time, or by its clock."""
_PLAIN: Final = (".", "$", "true", "false", "true", "false", "nil")
_STEPS: Final = (*("",) * 12, ".a", ".k.v")
_MOST_DEPTH: Final = 3


class Grammar:
    """Writes templates from a source of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._variables = ["$x"]
        self._definitions = ""
        self._root = ""
        """What a path from the root starts with here: `$` where the dot is something else."""

    def template(self) -> str:
        """Return a template; one of five is damaged."""
        self._variables = ["$x"]
        self._definitions = ""
        text = f"{{{{ $x := {self._operand(2)} }}}}{self._nodes(0)}{self._definitions}"
        return self._damaged(text) if self._random.random() < 0.2 else text

    def _damaged(self, text: str) -> str:
        for _ in range(self._random.randint(1, 3)):
            at = self._random.randrange(len(text) + 1)
            cut = at + self._random.randint(0, 2)
            piece = self._random.choice((*_WORDS["pieces"], ""))
            text = text[:at] + piece + text[cut:]
        return text

    def _nodes(self, depth: int) -> str:
        count = self._random.choice((1, 1, 2))
        return "".join(self._node(depth) for _ in range(count))

    def _node(self, depth: int) -> str:
        kinds = _SIMPLE if depth >= _MOST_DEPTH else _EVERY
        return self._random.choice(kinds)(self, depth)

    def _literal(self, _: int) -> str:
        return self._random.choice(("a", " ", " b ", "\n", "<&>", "}", "{ ", "é"))

    def _action(self, depth: int) -> str:
        return self._braced(self._pipeline(depth))

    def _braced(self, inside: str) -> str:
        left = self._random.choice(("{{ ", "{{ ", "{{ ", "{{- ", "{{"))
        right = self._random.choice((" }}", " }}", " }}", " -}}", "}}"))
        return f"{left}{inside}{right}"

    def _declaration(self, depth: int) -> str:
        name = self._random.choice(("$x", "$y", "$z"))
        if name not in self._variables:
            self._variables.append(name)
            return f"{{{{ {name} := {self._pipeline(depth)} }}}}"
        sign = self._random.choice((":=", "="))
        return f"{{{{ {name} {sign} {self._pipeline(depth)} }}}}"

    def _if(self, depth: int) -> str:
        return self._block("if", self._pipeline(depth), depth)

    def _with(self, depth: int) -> str:
        return self._block("with", self._pipeline(depth), depth)

    def _range(self, depth: int) -> str:
        names = self._random.choice(("", "", "$i := ", "$i, $e := "))
        subject = self._random.choice(
            (
                *_WORDS["lists"],
                self._path(),
                "3",
                "0",
                '(splitList "," "a,b")',
                "(list 1 nil 2)",
                "(dict 1 2)",
                '"a"',
            )
        )
        visible = list(self._variables)
        self._variables += [name.strip(", ") for name in names.replace(":=", "").split()]
        leap = self._random.choice(("", "", "", "{{ break }}", "{{ continue }}"))
        block = self._block("range", f"{names}{subject}", depth, leap)
        self._variables = visible
        return block

    def _block(self, keyword: str, pipeline: str, depth: int, leap: str = "") -> str:
        visible, outer = list(self._variables), self._root
        self._root = outer if keyword == "if" else "$"
        body = self._nodes(depth + 1) + leap
        self._root = outer
        self._variables = list(visible)
        otherwise = self._random.choice(("", "", "{{ else }}"))
        if keyword != "range" and otherwise and self._random.random() < 0.3:
            otherwise = f"{{{{ else {keyword} {self._operand(depth)} }}}}"
        rest = otherwise and otherwise + self._nodes(depth + 1)
        self._variables = visible
        return f"{self._braced(f'{keyword} {pipeline}')}{body}{rest}{{{{ end }}}}"

    def _called(self, depth: int) -> str:
        name = f"t{len(self._definitions)}"
        operand = self._random.choice(("", f" {self._operand(depth)}"))
        variables, self._variables = self._variables, ["$"]
        body = self._random.choice(("<{{ . }}>", "{{ .k }}", self._action(_MOST_DEPTH)))
        self._variables = variables
        self._definitions += f'{{{{ define "{name}" }}}}{body}{{{{ end }}}}'
        return f'{{{{ template "{name}"{operand} }}}}'

    def _path(self) -> str:
        path = self._random.choice(_WORDS["paths"])
        return path if path[0] == "$" else self._root + path

    def _pipeline(self, depth: int) -> str:
        commands = [self._command(depth)]
        while self._random.random() < 0.3:
            commands.append(self._call(depth, given=1))
        return " | ".join(commands)

    def _command(self, depth: int) -> str:
        return self._call(depth) if self._random.random() < 0.6 else self._operand(depth)

    def _call(self, depth: int, given: int = 0) -> str:
        if self._random.random() < 0.04:
            return self._of_time()
        name = self._random.choice(_WORDS["lenient"] if self._random.random() < 0.6 else _NAMES)
        wanted = self._parameters(BUBUSTACK[name])
        wanted = wanted[: max(len(wanted) - given, 0)]
        if self._random.random() < 0.01:
            wanted = [*wanted, Parameter.ANY]
        return " ".join((name, *(self._argument(parameter, depth + 1) for parameter in wanted)))

    def _parameters(self, function: Function) -> list[Parameter]:
        wanted = list(function.parameters)
        if function.rest is not None:
            wanted += [function.rest] * self._random.randint(0, 3)
        return wanted

    def _of_time(self) -> str:
        moment = self._random.choice(
            ("now", "0", '(toDate "2006-01-02" "2024-05-06")', "(int 86400)")
        )
        layout = self._random.choice(('"2006-01-02 15:04"', '"Jan _2 06 3PM"', '"Mon MST -07:00"'))
        return f'dateInZone {layout} {moment} "UTC"'

    def _argument(self, parameter: Parameter, depth: int) -> str:
        if self._random.random() < 0.04:
            return self._operand(depth)
        choices = _ARGUMENTS.get(parameter)
        return self._random.choice(choices) if choices else self._operand(depth)

    def _operand(self, depth: int) -> str:
        roll = self._random.random()
        if roll < 0.25:
            return self._random.choice(_WORDS["texts"])
        if roll < 0.4:
            return self._random.choice(_WORDS["numbers"])
        if roll < 0.7:
            return self._path()
        if roll < 0.8:
            return self._random.choice((*_PLAIN, *self._variables, *self._variables))
        if depth < _MOST_DEPTH:
            return f"({self._pipeline(depth + 1)}){self._random.choice(_STEPS)}"
        return self._random.choice(_WORDS["numbers"])


_Writer = Callable[[Grammar, int], str]
_SIMPLE: Final[Sequence[_Writer]] = (Grammar._literal, Grammar._action)
_EVERY: Final[Sequence[_Writer]] = (
    *(Grammar._literal, Grammar._action, Grammar._action, Grammar._action),
    *(Grammar._declaration, Grammar._if, Grammar._with, Grammar._range, Grammar._called),
)
_ARGUMENTS: Final[Mapping[Parameter, Sequence[str]]] = {
    Parameter.TEXT: (
        *_WORDS["texts"],
        ".inputs.name",
        ".inputs.digits",
        "(toString .inputs.count)",
    ),
    Parameter.INT: (*(str(number) for number in range(-2, 12)), "(len .inputs.name)"),
    Parameter.BOOL: ("true", "false", ".inputs.yes", "(eq 1 2)"),
    Parameter.FLOAT: ("0.5", "1", ".inputs.half"),
    Parameter.OBJECT: (".inputs.object", ".inputs", '(dict "k" 1 "a" 2)', "(dict)"),
    Parameter.MOMENT: ("now", '(toDate "2006-01-02" "2024-05-06")'),
}
