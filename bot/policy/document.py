"""YAML text to plain data, with the line of every value; duplicate keys and broken syntax are problems.

YAML 1.2: `no`, `ya` and `07:30` are texts. Dates become dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.policy.problems import Path, PolicyError, Problem


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file. `lines` maps "aturan/0/bila" to the line it starts on, from 1."""

    file: str
    data: Any
    lines: dict[str, int]

    def line(self, path: Path) -> int:
        """The line of a path, or of its nearest ancestor that the file has."""
        for length in range(len(path), 0, -1):
            found = self.lines.get("/".join(map(str, path[:length])))
            if found is not None:
                return found
        return 1

    def problem(self, path: Path, key: str, **params: object) -> Problem:
        return Problem(self.file, self.line(path), key, params)


def parse(text: str, file: str) -> Document:
    """Raises PolicyError with file and line where `text` is not one well-formed YAML document."""
    yaml = YAML(typ="safe", pure=True)
    reader = _Reader(yaml, file)
    try:
        node = yaml.compose(text)
        data = reader.read(node, "") if node is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise _broken(file, line, error.problem or "") from error
    except (YAMLError, RecursionError) as error:  # a control character; a thousand brackets
        raise _broken(file, 0, str(error).splitlines()[0]) from error
    if reader.problems:
        raise PolicyError(reader.problems)
    return Document(file, data, reader.lines)


_BROKEN: Final[Mapping[str, re.Pattern[str]]] = {
    "policy.error.yaml_tab": re.compile(r"character '\\t'"),
    "policy.error.yaml_colon": re.compile(r"mapping values are not|but got ':'|could not find expected ':'"),
    "policy.error.yaml_quote": re.compile(r"unexpected end of stream|unknown escape"),
    "policy.error.yaml_bracket": re.compile(r"expected ',' or|found '[\]}]'"),
    "policy.error.yaml_sign": re.compile(r"cannot start any|constructor for the tag|alphabetic or numeric"),
    "policy.error.yaml_indent": re.compile(r"<block end>|entries are not allowed|keys are not allowed"),
    "policy.error.yaml_two": re.compile(r"another document"),
}
"""What is usually wrong, by what the parser says of it."""


def _broken(file: str, line: int, detail: str) -> PolicyError:
    usual = (key for key, pattern in _BROKEN.items() if pattern.search(detail))
    return PolicyError([Problem(file, line, next(usual, "policy.error.yaml"), {"detail": detail})])


class _Reader:
    def __init__(self, yaml: YAML, file: str) -> None:
        self._constructor = yaml.constructor
        self._file = file
        self._seen: set[int] = set()
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []

    def read(self, node: Node, path: str) -> Any:
        if path:
            self.lines[path] = node.start_mark.line + 1
        if not isinstance(node, ScalarNode) and id(node) in self._seen:
            # An alias copies a part of the file to where nobody sees it, and can hold itself.
            self._wrong(node.start_mark.line, "policy.error.alias", path.rpartition("/")[2])
            return None
        self._seen.add(id(node))
        if isinstance(node, SequenceNode):
            return [self.read(item, _join(path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        assert isinstance(node, ScalarNode)
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                self._wrong(key_node.start_mark.line, "policy.error.duplicate_key", key)
            result[key] = self.read(value_node, _join(path, key))
            self.lines[_join(path, key)] = key_node.start_mark.line + 1
        return result

    def _wrong(self, line: int, key: str, name: str) -> None:
        self.problems.append(Problem(self._file, line + 1, key, {"name": name}))

    def _scalar(self, node: ScalarNode) -> Any:
        try:
            value = self._constructor.construct_object(node)
        except ValueError:  # 2026-02-30: looks like a date and is none
            return str(node.value)
        # A time of day where a date belongs must not get lost: as a text it is refused as no date.
        return str(node.value) if isinstance(value, datetime) else value


def _join(path: str, part: str | int) -> str:
    return f"{path}/{part}" if path else str(part)
