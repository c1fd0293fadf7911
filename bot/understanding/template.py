"""Phrases as people write them in the vocabulary → sequences of canonical words.

`{akun} (resmi|punya) dinas`: a class in braces stands for each of its members, words in parentheses may be
left out or are one of several. Everything goes through the same normaliser as the messages do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

Words = tuple[str, ...]
Norms = Callable[[str], Words]
"""The canonical words of a text, without punctuation."""

_PART = re.compile(r"\{(?P<name>[^{}]+)\}|\((?P<choice>[^()]*)\)|(?P<plain>[^{}()]+)")


def listed(source: str | Iterable[str]) -> Iterator[str]:
    """The phrases of a comma-separated text, or of a list of such texts."""
    for text in (source,) if isinstance(source, str) else source:
        yield from filter(None, (phrase.strip() for phrase in text.split(",")))


class Templates:
    """Reads phrases. Raises ValueError for a class that `classes` does not define."""

    def __init__(self, classes: Mapping[str, str], norms: Norms) -> None:
        self._classes = classes
        self._norms = norms
        self._members: dict[str, tuple[Words, ...]] = {}

    def parts(self, source: str | Iterable[str]) -> Iterator[list[tuple[Words, ...]]]:
        """For each phrase its parts in order, each part as the alternatives that may stand there."""
        for phrase in listed(source):
            if "{" in phrase or "(" in phrase:
                yield [self._alternatives(part) for part in _PART.finditer(phrase) if part[0].strip()]
            else:
                yield [(self._norms(phrase),)]

    def expand(self, source: str | Iterable[str]) -> Iterator[Words]:
        """Every sequence of words that the phrases stand for."""
        for parts in self.parts(source):
            for chosen in product(*parts):
                yield tuple(word for words in chosen for word in words)

    def _alternatives(self, part: re.Match[str]) -> tuple[Words, ...]:
        if part["name"]:
            return self._class(part["name"])
        if part["choice"] is not None:
            return ((), *self.expand(part["choice"].split("|")))
        return (self._norms(part["plain"]),)

    def _class(self, name: str) -> tuple[Words, ...]:
        if name not in self._members:
            if name not in self._classes:
                raise ValueError(f"niat.yaml: no class named '{name}' in kelas")
            self._members[name] = tuple(dict.fromkeys(self.expand(self._classes[name])))
        return self._members[name]
