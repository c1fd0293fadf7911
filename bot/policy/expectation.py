"""What a case expects of a verdict, and where a verdict differs from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from bot.model import Literal as FactLiteral
from bot.model import RuleRef, Verdict, VerdictKind, Window
from bot.policy.condition import Condition, tests_in

KINDS: Final[Mapping[str, VerdictKind]] = {
    "dilarang": VerdictKind.PROHIBITED,
    "dibolehkan": VerdictKind.PERMITTED,
    "tidak_dilarang": VerdictKind.NOT_PROHIBITED,
    "dikecualikan": VerdictKind.EXEMPT,
    "wajib": VerdictKind.OBLIGATORY,
    "bertentangan": VerdictKind.CONFLICT,
    "tidak_dijangkau": VerdictKind.NOT_COVERED,
    "belum_berlaku": VerdictKind.NOT_IN_FORCE,
}
"""The words for verdicts in uji.yaml."""

NOTHING: Final = "tidak_ada"

Nothing = Literal["tidak_ada"]
"""Expected to be absent; None, in an expectation, means that nothing is expected and nothing compared."""

Conditions = frozenset[tuple[object, ...]]
"""Conditions that must all hold, comparable: (fact, measure, value, low, high) each."""

Difference = tuple[str, str, str]
"""The field of uji.yaml, what was expected, what was found; as an encoder would write it."""


@dataclass(frozen=True, slots=True)
class ExpectedWindow:
    start: datetime
    end: datetime | Nothing | None = None
    conditions: Conditions | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """The verdict that an encoder expects."""

    kind: VerdictKind
    certain: bool
    needs: frozenset[str]
    basis: frozenset[RuleRef]
    duties: frozenset[RuleRef]
    conditions: Conditions | None = None
    valid_until: datetime | Nothing | None = None
    upcoming: ExpectedWindow | Nothing | None = None


def conditions_of(condition: Condition) -> Conditions:
    """The tests of a conjunction, comparable."""
    tests = ((test, value) for test in tests_in(condition) for value in (test.values or (None,)))
    return frozenset((test.fact, test.measure, value, test.low, test.high) for test, value in tests)


def differences(expected: Expected, verdict: Verdict) -> Iterator[Difference]:
    """Every field in which `verdict` is not what was expected."""
    words = {kind: word for word, kind in KINDS.items()}
    pairs: list[tuple[str, object, object]] = [
        ("putusan", words[expected.kind], words[verdict.kind]),
        ("pasti", expected.certain, verdict.certain),
        ("perlu", expected.needs, frozenset(verdict.needs)),
        ("dasar", expected.basis, frozenset(verdict.basis)),
        ("kewajiban", expected.duties, frozenset(verdict.duties)),
    ]
    if expected.conditions is not None:
        pairs.append(("syarat", expected.conditions, _of_literals(verdict.conditions)))
    if expected.valid_until is not None:
        pairs.append(("berlaku_sampai", expected.valid_until, verdict.valid_until or NOTHING))
    if expected.upcoming is not None:
        pairs.extend(_window_pairs(expected.upcoming, verdict.next_permitted))
    yield from ((field, _shown(wanted), _shown(found)) for field, wanted, found in pairs if wanted != found)


def _window_pairs(
    expected: ExpectedWindow | Nothing, found: Window | None
) -> Iterator[tuple[str, object, object]]:
    if not isinstance(expected, ExpectedWindow) or found is None:
        wanted = expected.start if isinstance(expected, ExpectedWindow) else NOTHING
        yield "berikutnya", wanted, NOTHING if found is None else found.start
        return
    yield "berikutnya.mulai", expected.start, found.start
    if expected.end is not None:
        yield "berikutnya.sampai", expected.end, found.end or NOTHING
    if expected.conditions is not None:
        yield "berikutnya.syarat", expected.conditions, _of_literals(found.conditions)


def _of_literals(literals: Iterable[FactLiteral]) -> Conditions:
    tests = ((part, value) for part in literals for value in (part.values or (None,)))
    return frozenset((part.fact, part.measure, value, part.low, part.high) for part, value in tests)


def _shown(value: object) -> str:
    match value:
        case bool():
            return "ya" if value else "tidak"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case RuleRef(circular, rule):
            return f"{circular}#{rule}"
        case frozenset():
            return ", ".join(sorted(map(_shown, value))) or NOTHING
        case (fact, _, wanted, low, high):
            return f"{fact}: {_shown(wanted) if wanted is not None else (low, high)}"
    return str(value)
