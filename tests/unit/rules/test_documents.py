"""YAML text as JSON values."""

from typing import Any

import pytest

from runwright.rules.documents.yaml_text import LONGEST_DOCUMENT, read_documents


def value(text: str) -> Any:
    (document,) = read_documents(text)
    assert document.problems == ()
    return document.value


def problem(text: str) -> str:
    *_, document = read_documents(text)
    return str(document.problems[-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("3", 3, id="integer"),
        pytest.param("-0x1F", -31, id="hexadecimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("017", 15, id="octal as in YAML 1.1"),
        pytest.param("1_000", 1000, id="separators"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("-.5", -0.5, id="fraction"),
        pytest.param("yes", True, id="yes"),
        pytest.param("Off", False, id="off"),
        pytest.param("2024-01-31", "2024-01-31", id="date"),
        pytest.param("12:30", "12:30", id="time"),
        pytest.param("1.2.3", "1.2.3", id="version"),
        pytest.param("'3'", "3", id="quoted"),
        pytest.param("!!str 3", "3", id="tagged as text"),
        pytest.param("!!int 3", 3, id="tagged as a number"),
        pytest.param(
            "a: {on: 1, 2: x, null: y}", {"a": {"on": 1, "2": "x", "null": "y"}}, id="keys"
        ),
        pytest.param("a: |\n  x\n  y\n", {"a": "x\ny\n"}, id="block"),
        pytest.param("a: &x [1]\nb: *x", {"a": [1], "b": [1]}, id="alias"),
        pytest.param(
            "a: &x {p: 1, q: 1}\nb: {<<: *x, p: 2}",
            {"a": {"p": 1, "q": 1}, "b": {"p": 2, "q": 1}},
            id="merge",
        ),
        pytest.param(
            "- &x {p: 1}\n- &y {p: 2, q: 2}\n- {<<: [*x, *y]}",
            [{"p": 1}, {"p": 2, "q": 2}, {"p": 1, "q": 2}],
            id="merge of several, the first wins",
        ),
        pytest.param('"<<": 1', {"<<": 1}, id="quoted merge key"),
        pytest.param('{"a": "\\ud83d\\ude80", "b": [1e2]}', {"a": "🚀", "b": [100.0]}, id="JSON"),
        pytest.param("{a: 1}", {"a": 1}, id="nearly JSON"),
    ],
)
def test_a_value_is_read_as_the_tools_of_kubernetes_read_it(text: str, expected: Any) -> None:
    found = value(text)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "a: 1\nb: {c: 1, c: 2}", 'b.c: line 2, column 11: "c" is here for the', id="key"
        ),
        pytest.param("a: [1\nb: 2", "line 2, column 2: did not find", id="open list"),
        pytest.param("a:\n\t- 1", "line 2, column 1: found character", id="tab"),
        pytest.param("a: *x", 'line 1, column 4: no anchor "x" comes before', id="no anchor"),
        pytest.param("a: &x [*x]", 'line 1, column 8: no anchor "x"', id="alias of itself"),
        pytest.param("? [a]\n: 1", "line 1, column 3: a key must be text", id="list as a key"),
        pytest.param(
            "a: &x b\n? *x\n: 1", "line 2, column 3: a key must be text", id="alias as key"
        ),
        pytest.param("<<: 1", '["<<"]: line 1, column 5: only objects can be merged', id="merge"),
        pytest.param("a: .inf", "a: line 1, column 4: .inf is not a number", id="infinity"),
        pytest.param("a: 1e999", 'a: line 1, column 4: "1e999" is not a number', id="overflow"),
        pytest.param(f"a: {'9' * 5_000}", "a: line 1, column 4: ", id="thousands of digits"),
        pytest.param("a: 0x_", 'a: line 1, column 4: "0x_" is not a number', id="no digits"),
        pytest.param("a: !x 1", 'a: line 1, column 4: the tag "!x" is not', id="tag"),
        pytest.param("a: !!set {b}", "a: line 1, column 4: the tag", id="tag of an object"),
        pytest.param("a: \x07", "unacceptable character #x0007", id="control character"),
        pytest.param("a: \ud800", "surrogates not allowed", id="half a character"),
        pytest.param('{"a": 1, "a": 2}', '"a" is here for the second time', id="key of JSON"),
        pytest.param('{"a": 1e999}', "is not a number that JSON can hold", id="overflow of JSON"),
        pytest.param('{"a": "\\ud800"}', "invalid Unicode", id="half a character of JSON"),
        pytest.param('{"a": ' + "[" * 200, "lie too deep", id="open and deep JSON"),
        pytest.param('{"a": ' + "[" * 200 + "]" * 200 + "}", "lie too deep", id="deep JSON"),
        pytest.param("[" * 200_000, "lie too deep", id="deep"),
        pytest.param("- " * 500, "lie too deep", id="deep in blocks"),
        pytest.param(
            f"a: {'x' * LONGEST_DOCUMENT}", f"must be at most {LONGEST_DOCUMENT} char", id="long"
        ),
        pytest.param("#" * 17_000_000, "must be at most 16777216 characters", id="very long"),
    ],
)
def test_what_is_wrong_with_the_text_is_said_with_its_place(text: str, expected: str) -> None:
    assert expected in problem(text)


def test_a_bomb_of_aliases_is_defused() -> None:
    """Nine lines that stand for a thousand million texts."""
    lines = ["a0: &a0 [boom, boom, boom, boom, boom, boom, boom, boom, boom, boom]"]
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)
    ]

    assert "the aliases up to here stand for too much" in problem("\n".join(lines))


def test_empty_documents_are_passed_over_and_others_counted() -> None:
    documents = list(read_documents("# nothing\n---\n---\na: 1\n---\nb: 2\n---\n~\n"))

    assert [(document.number, document.value) for document in documents] == [
        (2, {"a": 1}),
        (3, {"b": 2}),
    ]


def test_what_comes_before_a_broken_document_is_read() -> None:
    first, second = read_documents("a: 1\n---\nb: [1\n")

    assert (first.value, first.problems) == ({"a": 1}, ())
    assert (second.value, second.number) == (None, 2)
