"""Phrases of the vocabulary, as far as they can be judged without understanding them: the classes they
name, and phrases that stand in two places.

`{akun}` in a phrase stands for each member of a class of kosakata/niat.yaml, `(itu)` for a word that may be
left out, `(ini|itu)` for one of several or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final

from bot.policy.document import Document
from bot.policy.problems import Path, Problem, suggestion

MAX_FORMS: Final = 200
"""Phrases that stand for more forms than this are told apart only as they are written."""

_CLASS: Final = re.compile(r"\{([^{}]+)\}")
_PART: Final = re.compile(r"\{(?P<name>[^{}]+)\}|\((?P<choice>[^()]*)\)|(?P<plain>[^{}()]+)")


def listed(phrases: Iterable[str]) -> Iterator[str]:
    """The phrases of comma-separated texts, each with single spaces."""
    for text in phrases:
        yield from filter(None, (" ".join(phrase.split()) for phrase in text.split(",")))


def class_problems(document: Document, classes: Iterable[str]) -> Iterator[Problem]:
    """Phrases of a vocabulary file that name a class which kosakata/niat.yaml does not have."""
    known = frozenset(classes)
    for path, text in _texts(document.data, ()):
        for name in dict.fromkeys(_CLASS.findall(text)):
            if name not in known:
                hint = suggestion(name, known)
                yield document.problem(path, "policy.error.unknown_class", name=name, suggestion=hint)


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text of a document, with its place."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(value, (*path, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))


def forms(phrases: Iterable[str], classes: Mapping[str, str]) -> Iterator[str]:
    """The forms of words that the phrases stand for; a phrase of too many forms as it is written."""
    for phrase in listed(phrases):
        found = _forms(phrase, classes, ())
        yield from [phrase] if found is None else found


def _forms(phrase: str, classes: Mapping[str, str], within: tuple[str, ...]) -> list[str] | None:
    """None if there are too many, or a class contains itself."""
    parts: list[list[str]] = []
    count = 1
    for part in _PART.finditer(phrase):
        choices = _choices(part, classes, within)
        if choices is None or (count := count * len(choices)) > MAX_FORMS:
            return None
        parts.append(choices)
    return [" ".join(" ".join(chosen).split()) for chosen in product(*parts)]


def _choices(part: re.Match[str], classes: Mapping[str, str], within: tuple[str, ...]) -> list[str] | None:
    if part["name"] is None:
        return [part["plain"]] if part["choice"] is None else ["", *part["choice"].split("|")]
    name = part["name"]
    if name in within or name not in classes:
        return None
    found: list[str] = []
    for member in listed([str(classes[name])]):
        members = _forms(member, classes, (*within, name))
        if members is None or len(found) + len(members) > MAX_FORMS:
            return None
        found += members
    return found
