"""Who is addressed: an expression over units, statuses, patterns, roles and names.

    semua
    unit = "Dinas Pendidikan" dan status = pns, pppk
    (unit = rsud atau kelas = puskesmas) dan bukan pola = shift
    orang = 198001012005011001, 199002022015022002

`unit` means the unit and all below it; `kelas` a unit class of policies/. Values are joined by commas (any of
them), parts by `dan`, `atau`, `bukan` and brackets; `dan` binds closer than `atau`. Values with spaces stand
in quotation marks. Names are checked when the expression is bound to a regency, so that a wrong one is said
before anything is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bot.problems import Problem

FIELDS = ("unit", "kelas", "status", "pola", "peran", "orang")

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()=,])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()=,"]+))')
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Everyone:
    pass


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The person's `field` is one of `values`, as typed."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Expression, ...]


Expression: TypeAlias = Everyone | AnyOf | Not | Both | Either


def parse(text: str) -> Expression:
    """The expression of `text`. Raises Problem with the place and what was expected there."""
    return _Parser(text).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "mark", "quoted", "word", "end"
    text: str
    at: int


def _tokens(text: str) -> Iterable[_Token]:
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None:  # a quotation mark that is never closed
            raise Problem("audience.quote", place=at + 1, rest=stripped[at : at + 20])
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind) + 1)
        at = found.end()
    yield _Token("end", "", len(stripped) + 1)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next.kind != "end":
            raise self._unexpected("dan, atau")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _word(self, word: str) -> bool:
        """Takes the next token if it is this word."""
        if self._next.kind == "word" and self._next.text.lower() == word:
            self._at += 1
            return True
        return False

    def _mark(self, mark: str) -> bool:
        if self._next.kind == "mark" and self._next.text == mark:
            self._at += 1
            return True
        return False

    def _either(self) -> Expression:
        return self._joined("atau", self._both, Either)

    def _both(self) -> Expression:
        return self._joined("dan", self._single, Both)

    def _joined(
        self, word: str, part: Callable[[], Expression], joined: type[Both] | type[Either]
    ) -> Expression:
        parts = [part()]
        while self._word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else joined(tuple(parts))

    def _single(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Problem("audience.deep", most=_DEEPEST)
        try:
            if self._word("bukan"):
                return Not(self._single())
            if self._mark("("):
                return self._bracketed()
            if self._word("semua"):
                return Everyone()
            return self._any_of()
        finally:
            self._depth -= 1

    def _bracketed(self) -> Expression:
        inner = self._either()
        if not self._mark(")"):
            raise self._unexpected(")")
        return inner

    def _any_of(self) -> Expression:
        if self._next.kind != "word" or self._next.text.lower() not in FIELDS:
            raise self._unexpected("semua, bukan, (, " + ", ".join(FIELDS))
        field = self._take().text.lower()
        if not self._mark("="):
            raise self._unexpected("=")
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        return AnyOf(field, tuple(values))

    def _value(self) -> str:
        if self._next.kind not in ("word", "quoted") or not self._next.text.strip():
            raise self._unexpected("nilai")
        return self._take().text.strip()

    def _unexpected(self, wanted: str) -> Problem:
        token = self._next
        if token.kind == "end":
            return Problem("audience.ends", place=token.at, wanted=wanted)
        return Problem("audience.unexpected", place=token.at, found=token.text or "…", wanted=wanted)


# --- bound to a regency ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Addressee:
    """What an expression looks at in a person. `units`: hers and all above; `kinds`: their classes and the
    wider classes of these."""

    number: str
    status: str | None
    pattern: str | None
    units: frozenset[int]
    kinds: frozenset[str]
    roles: frozenset[str]


Matches: TypeAlias = Callable[[Addressee], bool]

Resolve: TypeAlias = Callable[[str, str], object]
"""(field, value as typed) → the id it means; raises Problem for a value that the regency does not have."""


def bind(expression: Expression, resolve: Resolve) -> Matches:
    """The test that an expression is for the people of one regency. Every name is resolved at once."""
    match expression:
        case Everyone():
            return lambda _: True
        case Not(part):
            inner = bind(part, resolve)
            return lambda person: not inner(person)
        case Both(parts):
            every = [bind(part, resolve) for part in parts]
            return lambda person: all(matches(person) for matches in every)
        case Either(parts):
            some = [bind(part, resolve) for part in parts]
            return lambda person: any(matches(person) for matches in some)
        case AnyOf(field, values):
            return _test(field, frozenset(resolve(field, value) for value in values))


def _test(field: str, wanted: frozenset[object]) -> Matches:
    match field:
        case "unit":
            return lambda person: not wanted.isdisjoint(person.units)
        case "kelas":
            return lambda person: not wanted.isdisjoint(person.kinds)
        case "peran":
            return lambda person: not wanted.isdisjoint(person.roles)
        case "status":
            return lambda person: person.status in wanted
        case "pola":
            return lambda person: person.pattern in wanted
        case _:
            return lambda person: person.number in wanted
