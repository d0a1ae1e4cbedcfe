"""YAML text as JSON values: no tags, no timestamps, no key twice, no alias bomb."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import yaml

from runwright.errors import Problem
from runwright.rules.documents.json_text import NoJsonError, json_object
from runwright.rules.documents.scalars import NoScalarError, scalar_value
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import child, excerpt, quoted

LONGEST_DOCUMENT: Final = 1024 * 1024
"""Characters of one document."""
LONGEST_TEXT: Final = 16 * LONGEST_DOCUMENT
"""Characters of all documents of one source."""
DEEPEST: Final = 128
"""How many lists and objects may lie within each other."""
LARGEST_EXPANSION: Final = 4 * 1024 * 1024
"""Characters that the aliases of one document may stand for."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "<<"


class Document(NamedTuple):
    """One document of a source."""

    value: Any
    number: int
    """From 1."""
    problems: tuple[Problem, ...] = ()


class _HopelessError(Exception):
    """The rest of the text cannot be read."""


def read_documents(text: str) -> Iterator[Document]:
    """Yield the documents of a YAML or JSON text that are not empty.

    Where the text itself is broken, the last document has no value, and the problem says where.
    """
    if len(text) <= LONGEST_DOCUMENT:
        with suppress(NoJsonError):
            yield Document(json_object(text, DEEPEST), 1)
            return
    reader = _Reader()
    try:
        if len(text) > LONGEST_TEXT:
            message = f"must be at most {LONGEST_TEXT} characters, is {len(text)}"
            raise _HopelessError(message)
        events = _LOADER(text)
        while events.check_event():
            if (document := reader.take(events.get_event())) is not None:
                yield document
    except (yaml.YAMLError, _HopelessError, UnicodeError) as error:
        problem = Problem("", _complaint(error))
        yield Document(None, max(reader.number, 1), (*reader.problems, problem))


def _complaint(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        what = ", ".join(filter(None, (error.problem, error.context)))
        return f"{_at(error.problem_mark)}{excerpt(what, 256)}"
    return excerpt(str(error), 256)


def _at(mark: yaml.Mark | None) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


class _Frame:
    """A list or an object that is being read."""

    def __init__(self, event: Any, path: str) -> None:
        self.is_object = isinstance(event, yaml.MappingStartEvent)
        self.anchor: str | None = event.anchor
        self.path = path
        self.size = 1
        self.entries: list[Any] = []
        self.fields: dict[str, Any] = {}
        self.merged: list[Any] = []
        self.key: str | None = None
        self.merges = False

    @property
    def awaits_key(self) -> bool:
        return self.is_object and self.key is None

    @property
    def next_path(self) -> str:
        """The path of the value that comes next."""
        return child(self.path, len(self.entries) if self.key is None else self.key)

    @property
    def value(self) -> Any:
        if not self.is_object:
            return self.entries
        inherited: dict[str, Any] = {}
        for merged in reversed(self.merged):
            inherited |= merged
        return {**inherited, **self.fields}


class _Reader:
    """Makes documents of events."""

    def __init__(self) -> None:
        self.number = 0
        self.problems: list[Problem] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._expanded = 0
        self._start = 0
        self._value: Any = None

    def take(self, event: Any) -> Document | None:
        """Take the next event; return the document that it ends, if that is not empty."""
        match event:
            case yaml.DocumentStartEvent():
                self._begin(event)
            case yaml.DocumentEndEvent():
                return self._end(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case _:
                pass
        return None

    def _begin(self, event: Any) -> None:
        self.number += 1
        self.problems = []
        self._anchors = {}
        self._expanded = 0
        self._start = event.start_mark.index
        self._value = None

    def _end(self, event: Any) -> Document | None:
        size = event.end_mark.index - self._start
        if size > LONGEST_DOCUMENT:
            self._complain(f"must be at most {LONGEST_DOCUMENT} characters, is {size}", "")
        if self._value is None and not self.problems:
            return None
        return Document(self._value, self.number, tuple(self.problems))

    def _open(self, event: Any) -> None:
        if len(self._frames) >= DEEPEST:
            message = f"{_at(event.start_mark)}lists and objects lie too deep within each other"
            raise _HopelessError(message)
        if self._frames and self._frames[-1].awaits_key:
            message = f"{_at(event.start_mark)}a key must be text, not a list or an object"
            raise _HopelessError(message)
        path = self._frames[-1].next_path if self._frames else ""
        self._check_tag(event, path)
        self._frames.append(_Frame(event, path))

    def _close(self, event: Any) -> None:
        frame = self._frames.pop()
        self._add(frame.value, frame.size, event, frame.anchor)

    def _scalar(self, event: Any) -> None:
        if self._frames and self._frames[-1].awaits_key:
            self._key(event)
            return
        try:
            value = scalar_value(event)
        except NoScalarError as error:
            path = self._frames[-1].next_path if self._frames else ""
            self._complain(f"{_at(event.start_mark)}{error}", path)
            value = event.value
        self._add(value, len(event.value) + 1, event, event.anchor)

    def _key(self, event: Any) -> None:
        frame = self._frames[-1]
        frame.size += len(event.value) + 1
        frame.merges = event.value == _MERGE and event.implicit[0]
        frame.key = event.value
        if not frame.merges and event.value in frame.fields:
            message = f"{_at(event.start_mark)}{quoted(event.value)} is here for the second time"
            self._complain(message, frame.next_path)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            message = f"{_at(event.start_mark)}no anchor {quoted(event.anchor)} comes before"
            raise _HopelessError(message)
        value, size = self._anchors[event.anchor]
        self._expanded += size
        if self._expanded > LARGEST_EXPANSION:
            message = f"{_at(event.start_mark)}the aliases up to here stand for too much"
            raise _HopelessError(message)
        if self._frames and self._frames[-1].awaits_key:
            message = f"{_at(event.start_mark)}a key must be text, not an alias"
            raise _HopelessError(message)
        self._add(copy.deepcopy(value), size, event, None)

    def _add(self, value: Any, size: int, event: Any, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._frames:
            self._value = value
            return
        frame = self._frames[-1]
        frame.size += size
        if not frame.is_object:
            frame.entries.append(value)
        elif frame.merges:
            frame.merged.extend(self._mergeable(value, event))
        elif frame.key is not None:
            frame.fields.setdefault(frame.key, value)
        frame.key = None
        frame.merges = False

    def _mergeable(self, value: Any, event: Any) -> Sequence[Any]:
        values = value if is_list(value) else [value]
        if all(is_object(each) for each in values):
            return values
        message = f"{_at(event.start_mark)}only objects can be merged"
        self._complain(message, self._frames[-1].next_path)
        return ()

    def _check_tag(self, event: Any, path: str) -> None:
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            message = f"{_at(event.start_mark)}the tag {quoted(event.tag)} is not understood"
            self._complain(message, path)

    def _complain(self, message: str, path: str) -> None:
        self.problems.append(Problem(path, message))
