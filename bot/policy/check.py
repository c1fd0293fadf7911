"""`edaran policy check`: what the corpus proves about itself, beyond being readable.

Structure is checked when policies/ is loaded; here the logic is, by complete enumeration: every situation
that can occur, in every stretch of dates, as decision diagrams. Pure; a finding names its place, the rules
concerned, and the smallest situation that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from bot.policy.check_finding import CheckFinding, Severity, finding
from bot.policy.check_papers import paper_findings
from bot.policy.check_phrases import phrase_findings
from bot.policy.check_riding import riding_findings
from bot.policy.check_rules import rule_findings
from bot.policy.check_slices import fields
from bot.policy.check_verdicts import verdict_findings, vocabulary_findings
from bot.policy.corpus import NATIONAL, Corpus

__all__ = ["CheckFinding", "Severity", "check", "failed"]

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def check(
    corpus: Corpus, today: date | None = None, cases: Mapping[str, int] | None = None
) -> tuple[CheckFinding, ...]:
    """Every finding, the gravest first, then by place; those that someone waived carry the waiver.

    `today`: to tell which circulars have expired; `cases`: how many cases each circular has, those without
    left out. None: that is not looked at.
    """
    papers = paper_findings(corpus, today, cases)
    found = [*_logic(corpus), *vocabulary_findings(corpus), *phrase_findings(corpus), *papers]
    waivers = {waiver.finding: waiver for waiver in corpus.waivers}
    told = [replace(f, waived=waivers.get(f.mark)) for f in found]
    told.extend(_stale(corpus, told))
    return tuple(sorted(told, key=lambda f: (_ORDER[f.severity], f.file, f.line, f.code, f.mark)))


def failed(findings: Iterable[CheckFinding]) -> bool:
    """Whether a check says no: an error or a warning that nobody answers for."""
    return any(f.severity is not Severity.INFO and f.waived is None for f in findings)


def _logic(corpus: Corpus) -> Iterator[CheckFinding]:
    """The findings about rules. One about national rules alone counts only if every regency shows it."""
    shown: Counter[str] = Counter()
    first: dict[str, CheckFinding] = {}
    for regency in corpus.regencies:
        own = list(fields(corpus, regency))
        of_rules = list(rule_findings(corpus, own))
        idle = {f.rules[0] for f in of_rules}
        more = (*verdict_findings(corpus, own, idle), *riding_findings(corpus, own))
        found = {f.mark: f for f in (*of_rules, *more)}
        shown.update(found.keys())
        for mark, result in found.items():
            first.setdefault(mark, result)
    for mark, result in first.items():
        if shown[mark] == len(corpus.regencies) or not _national(corpus, result):
            yield result


def _national(corpus: Corpus, result: CheckFinding) -> bool:
    rules = result.rules
    return bool(rules) and all(corpus.circulars[ref.circular].regency == NATIONAL for ref in rules)


def _stale(corpus: Corpus, found: Iterable[CheckFinding]) -> Iterator[CheckFinding]:
    """Waivers of findings that are no longer found: the rules have changed, or the mark is mistyped."""
    marks = {f.mark for f in found}
    for waiver in corpus.waivers:
        if waiver.finding not in marks:
            yield finding(Severity.WARNING, "stale_waiver", waiver.place, params={"waived": waiver.finding})
