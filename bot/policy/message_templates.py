"""Reads policies/pesan_pembuka.yaml: texts that open a conversation, with what WhatsApp demands of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from bot.policy.corpus import MessageTemplate, Place
from bot.policy.document import Document
from bot.policy.problems import Path, PolicyError, Problem
from bot.policy.schema import Shape, validate

KINDS = {"edaran": "circular", "pengingat": "reminder", "ringkasan": "digest", "kabar": "news"}
"""What a template is for, in the file and in the program."""

HOLES: Mapping[str, frozenset[str]] = {
    "circular": frozenset({"edaran", "penerbit"}),
    "reminder": frozenset({"jumlah", "edaran"}),
    "digest": frozenset({"jumlah"}),
    "news": frozenset({"edaran"}),
}
"""The names that the program fills in, all of them."""

HOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_AT_AN_EDGE = re.compile(r"^\W*\{\{|\}\}\W*$")
_ADJACENT = re.compile(r"\}\}\s*\{\{")

LONGEST = 1024
"""Characters of a text with its holes filled."""
LONGEST_VALUE = 160
"""Characters that the program puts into one hole, at most."""

Filled = Annotated[str, Field(min_length=1)]


class Templat(Shape):
    untuk: Literal["edaran", "pengingat", "ringkasan", "kabar"]
    nama: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    bahasa: Literal["id", "en"]
    isi: Filled
    tombol: Annotated[str, Field(min_length=1, pattern=r"^[^\n]{1,20}$")]
    contoh: dict[str, Filled]


class TemplateFile(Shape):
    skema: Literal[1]
    templat: tuple[Templat, ...]


def read_templates(document: Document) -> list[MessageTemplate]:
    """Raises PolicyError with all that is wrong."""
    file = validate(TemplateFile, document)
    problems = [problem for n, one in enumerate(file.templat) for problem in _wrong(document, n, one)]
    problems += _twice(document, file)
    if problems:
        raise PolicyError(problems)
    return [_template(document, n, one) for n, one in enumerate(file.templat)]


def _template(document: Document, number: int, one: Templat) -> MessageTemplate:
    place = Place(document.file, document.line(("templat", number)))
    body = "\n".join(line.rstrip() for line in one.isi.splitlines())
    return MessageTemplate(KINDS[one.untuk], one.nama, one.bahasa, body, one.tombol, dict(one.contoh), place)


def _wrong(document: Document, number: int, one: Templat) -> Iterator[Problem]:
    at: Path = ("templat", number)
    wanted = HOLES[KINDS[one.untuk]]
    names = ", ".join(sorted(wanted))
    if set(HOLE.findall(one.isi)) != wanted or len(HOLE.findall(one.isi)) != len(wanted):
        yield document.problem((*at, "isi"), "policy.error.template_holes", expected=names)
    if set(one.contoh) != wanted:
        yield document.problem((*at, "contoh"), "policy.error.template_samples", expected=names)
    if _AT_AN_EDGE.search(one.isi) or _ADJACENT.search(one.isi):
        yield document.problem((*at, "isi"), "policy.error.template_edge")
    most = LONGEST - len(wanted) * LONGEST_VALUE
    if len(HOLE.sub("", one.isi)) > most:
        yield document.problem((*at, "isi"), "policy.error.template_long", most=most)


def _twice(document: Document, file: TemplateFile) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(file.templat):
        for key in ((one.untuk, one.bahasa), (one.nama, one.bahasa)):
            if key in seen:
                yield document.problem(
                    ("templat", number), "policy.error.template_twice", value=key[0], language=key[1]
                )
        seen |= {(one.untuk, one.bahasa), (one.nama, one.bahasa)}
