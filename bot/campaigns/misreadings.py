"""Which clauses of a circular are misread, by the answers to its check of understanding; never by whom.

A clause is shown once enough people have answered about it, and then in rounded figures, so that who looks
twice does not learn how one of them answered. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.campaigns.screens import cut
from bot.people.counting import LEAST
from bot.rendering.texts import Texts

TENS = 10
"""Per cent by which shares are rounded."""

LONGEST = 80
"""Characters of a clause's words in a line."""


@dataclass(frozen=True, slots=True)
class Misread:
    """`clause`: its number in the circular, None: it has none. `quote`: its words, as the source has them.
    `answers`: at least so many. `wrong`: about so many of a hundred."""

    rule: str
    clause: str | None
    quote: str
    answers: int
    wrong: int


def misread(counts: Iterable[tuple[str, int, int]], wording: str | None) -> tuple[Misread, ...]:
    """Worst first. `counts`: (rule, right answers, wrong ones); `wording`: of the version, as `Content`
    has it."""
    rules = json.loads(wording)["rules"] if wording else {}
    found = []
    for rule, right, wrong in counts:
        answers = right + wrong
        if answers >= LEAST:
            clause, quote, *_ = rules.get(rule, (None, rule))
            share = TENS * ((100 * wrong + answers * TENS // 2) // (answers * TENS))
            found.append(Misread(rule, clause, quote or rule, answers - answers % LEAST, share))
    return tuple(sorted(found, key=lambda one: (-one.wrong, one.rule)))


def line(one: Misread, texts: Texts) -> str:
    values = {"quote": cut(one.quote, LONGEST), "wrong": one.wrong, "answers": one.answers}
    if one.clause is None:
        return texts("report.misread", **values)
    return texts("report.misread_clause", clause=one.clause, **values)


def lines(found: Iterable[Misread], texts: Texts) -> list[str]:
    """What HR reads; that nothing can be said yet, where that is so."""
    told = [line(one, texts) for one in found]
    return [texts("report.misread_head"), *told] if told else [texts("report.misread_few", least=LEAST)]
