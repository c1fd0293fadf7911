"""The files of kosakata/ that the understanding compiles: plain data that tells which entry it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.policy.problems import Path, Problem

if TYPE_CHECKING:  # a compiled corpus holds sections, and needs nothing that reads files
    from bot.policy.document import Document


class MissingEntryError(KeyError):
    """An entry that the understanding needs and a file does not have."""

    def __init__(self, file: str, line: int, name: str) -> None:
        super().__init__(file, line, name)
        self.problem = Problem(file, line, "policy.error.missing_entry", {"name": name})


class Section(dict[str, Any]):
    """A part of a file. Asking it for an entry that it lacks raises MissingEntryError, a KeyError."""

    file: str = ""
    line: int = 0
    path: Path = ()

    def __missing__(self, key: str) -> Any:
        raise MissingEntryError(self.file, self.line, ".".join(map(str, (*self.path, key))))


def section(document: Document) -> Section:
    """The file as sections within sections."""
    return _section(document, document.data, ())


def _section(document: Document, data: Mapping[str, Any], path: Path) -> Section:
    made = Section((key, _value(document, value, (*path, key))) for key, value in data.items())
    made.file, made.line, made.path = document.file, document.line(path), path
    return made


def _value(document: Document, value: Any, path: Path) -> Any:
    return _section(document, value, path) if isinstance(value, Mapping) else value
