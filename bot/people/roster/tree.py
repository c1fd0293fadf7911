"""The units that the rows of a file name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.people.roster.words import folded

ROOT = 0
"""The index of the regency itself."""


@dataclass(slots=True)
class FileUnit:
    """A unit as the file has it. `index`: its place in the tree, where a unit comes after the one above.
    `parent` None: the regency itself. `code`: the regency's own, None: none given, or several. `kind`: the
    class that the file gives, None: none given."""

    index: int
    parent: int | None
    name: str
    code: str | None = None
    kind: str | None = None


class UnitTree:
    """Grows with the rows. Two names that differ only in capitals, spaces and punctuation are one."""

    def __init__(self, root: str) -> None:
        self._units = [FileUnit(ROOT, None, root)]
        self._below: dict[tuple[int, str], int] = {}
        self._two_codes: set[int] = set()

    def add(self, path: Sequence[str], code: str | None, kind: str | None) -> int:
        """The index of the unit at the end of `path` (from the top; empty: the regency itself), to which
        `code` and `kind` belong."""
        at = ROOT
        for name in path:
            at = self._step(at, name)
        unit = self._units[at]
        if code and at != ROOT:
            self._set_code(unit, code)
        unit.kind = unit.kind or kind
        return at

    def _step(self, parent: int, name: str) -> int:
        key = (parent, folded(name))
        if key not in self._below:
            self._below[key] = len(self._units)
            self._units.append(FileUnit(len(self._units), parent, name))
        return self._below[key]

    def _set_code(self, unit: FileUnit, code: str) -> None:
        if unit.code not in (None, code):
            self._two_codes.add(unit.index)
        unit.code = None if unit.index in self._two_codes else code

    def __iter__(self) -> Iterator[FileUnit]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)
