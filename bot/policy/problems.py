"""What can be wrong with policies/: a problem names the place, the value and, by its text, the repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""A way into a YAML document: ("aturan", 0, "bila")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `key` names its text in locales/ ("policy.error.unknown_fact"), `params` fill it.

    `file` is relative to policies/, `line` counts from 1 (0: the file as a whole).
    """

    file: str
    line: int
    key: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.file}:{self.line}: {self.key} ({values})"


class PolicyError(ValueError):
    """policies/ cannot answer anyone: `problems` says why, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.key)))
        super().__init__("; ".join(map(str, self.problems)))


def suggestion(name: object, known: Iterable[object]) -> str:
    """The known name most like `name`, or all of them where none is alike."""
    names = sorted(map(str, known))
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    return close[0] if close else ", ".join(names)
