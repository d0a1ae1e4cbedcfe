"""The templates that Go and Runwright are both asked: every form, and every function."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import yaml

from tests.golden.templates.oracle import FOLDER, Question, lines_of

TABLES: Final[dict[str, Any]] = yaml.safe_load((FOLDER / "tables.yaml").read_text())
"""What templates are made of, by kind."""
DATA: Final[dict[str, Any]] = TABLES["data"]
"""What every template sees."""
_NUMBERS_OR_TEXTS: Final = "dtfeEgGbocUOw"
"""The verbs that show the insides of a time, which are Go's own business."""
_ANY: Final = "vsqxXT"


def questions() -> Iterator[Question]:
    """Yield everything that Go is asked."""
    for template in (*map(json.loads, lines_of("forms.txt")), *_calls()):
        yield Question(template, DATA)
    for template in map(json.loads, lines_of("plain.txt")):
        for missing in ("zero", "error", "default"):
            yield Question(template, DATA, missing, plain=True)


def _calls() -> Iterator[str]:
    for call in dict.fromkeys(
        (*lines_of("calls.txt"), *_on_texts(), *_on_times(), *_on_anything())
    ):
        yield f"{{{{ {call} }}}}"


def _on_texts() -> Iterator[str]:
    texts, versions = TABLES["texts"], TABLES["versions"]
    yield from map(" ".join, product(TABLES["of_text"], texts))
    yield from map(" ".join, product(TABLES["of_number_and_text"], TABLES["numbers"], texts[:8]))
    for constraint, version in product(TABLES["constraints"], versions):
        yield f'semverCompare "{constraint}" "{version}"'
    for version in versions:
        yield f'semver "{version}"'


def _on_times() -> Iterator[str]:
    for layout, moment in product(TABLES["layouts"], TABLES["moments"]):
        yield f'dateInZone "{layout}" {moment} "UTC"'
    for zone, seconds in product(TABLES["zones"], (0, 1720000000, -86400, 1700000000)):
        yield f'dateInZone "2006-01-02T15:04:05 -07:00 MST" {seconds} "{zone}"'
    for layout, text in TABLES["readings"]:
        yield f'mustToDate "{layout}" "{text}"'
    for text in TABLES["durations"]:
        yield f'mustDateModify "{text}" (toDate "2006-01-02" "2024-03-01")'
        yield f'durationRound "{text}"'


def _on_anything() -> Iterator[str]:
    values = TABLES["values"]
    for name, value in product(TABLES["unary"], values):
        yield f'{name} "-" {value}' if name == "join" else f"{name} {value}"
    for name, (one, other) in product(TABLES["binary"], TABLES["pairs"]):
        yield f"{name} {one} {other}"
    for verb, value in (*product(_NUMBERS_OR_TEXTS, values[:-2]), *product(_ANY, values)):
        yield f'printf "%{verb}|%8{verb}" {value} {value}'
    for directive, value in product(
        TABLES["directives"], ("42", "-42", "3.14159", '"héé"', "true")
    ):
        yield f'printf "{directive}" {value}'
