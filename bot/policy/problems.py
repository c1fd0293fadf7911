"""What can be wrong with policies/: a problem names the place, the value and, by its text, the repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

_LONG = 60
_FEW = 5
_NEAREST = 3
"""How many signs of a value a message shows; how many names it lists whole, how many of a longer list."""

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


def shortened(value: object) -> str:
    """A value short enough for a message."""
    text = str(value)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "…"


def nearest(name: object, known: Iterable[object]) -> str | None:
    """The known name that `name` is probably a misspelling of; None where none is alike."""
    return next(iter(get_close_matches(str(name), sorted(map(str, known)), n=1, cutoff=0.6)), None)


def suggestion(name: object, known: Iterable[object]) -> str:
    """The known name most like `name`; where none is alike all of them if they are few, else the nearest."""
    names = sorted(map(str, known))
    close = nearest(name, names)
    if close is not None or len(names) <= _FEW:
        return close or ", ".join(names)
    return ", ".join(get_close_matches(str(name), names, n=_NEAREST, cutoff=0.0))
