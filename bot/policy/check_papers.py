"""Checks of what surrounds the rules: versions, translations, evidence, remarks of the loader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from bot.policy.check_finding import CheckFinding, Severity, finding, mark_of
from bot.policy.corpus import NATIONAL, Circular, Corpus, Place
from bot.policy.problems import Problem
from bot.vocabulary import Wording

_REMARKS: Mapping[str, Severity] = {
    "weekly_hours": Severity.WARNING,
    "cut_quote": Severity.WARNING,
    "clause_not_in_source": Severity.WARNING,
    "not_encoded": Severity.INFO,
    "hours_unverified": Severity.INFO,
    "break_unverified": Severity.INFO,
    "leave_unverified": Severity.INFO,
}
"""What the loader remarks, and how much it matters."""


MIN_CASES = 15
"""Fewer cases than this leave edges of a circular untried."""


def paper_findings(
    corpus: Corpus, today: date | None, cases: Mapping[str, int] | None
) -> Iterator[CheckFinding]:
    """`today`: to tell what has expired; `cases`: how many each circular has; None: nobody asks."""
    for circular in corpus.circulars.values():
        yield from _circular_findings(corpus, circular, today)
        if cases is not None and cases.get(circular.id, 0) < MIN_CASES:
            yield _untried(circular, cases.get(circular.id, 0), ended=_ended(circular, today))
    for a, b in combinations(corpus.circulars.values(), 2):
        yield from _pair_findings(corpus, a, b)
    yield from _vocabulary_wording(corpus)
    yield from map(_remark, corpus.remarks)


def _untried(circular: Circular, count: int, *, ended: bool) -> CheckFinding:
    """Too few cases, which matters only while somebody can still be answered by the circular."""
    severity = Severity.INFO if ended else Severity.WARNING
    place = Place(f"{circular.id}/uji.yaml", 1)
    params: dict[str, object] = {"circular": circular.id, "wanted": MIN_CASES}
    if not count:
        return finding(severity, "no_cases", place, params=params)
    return finding(severity, "few_cases", place, params={**params, "count": count})


def _ended(circular: Circular, today: date | None) -> bool:
    return today is not None and circular.until is not None and circular.until <= today


def _circular_findings(corpus: Corpus, circular: Circular, today: date | None) -> Iterator[CheckFinding]:
    if _ended(circular, today):
        params = {"circular": circular.id, "until": circular.until}
        yield finding(Severity.WARNING, "expired", circular.place, params=params)
    if not circular.evidence.original_seen:
        params = {"circular": circular.id, "source": circular.evidence.name}
        yield finding(Severity.INFO, "original_unseen", circular.place, params=params)
    if not circular.complete:
        yield finding(Severity.INFO, "incomplete", circular.place, params={"circular": circular.id})
    missing = [name for name, wording in _wordings(circular) if "en" not in wording]
    if missing:
        params = {"circular": circular.id, "parts": ", ".join(missing)}
        yield finding(Severity.INFO, "untranslated", circular.place, params=params)
    for target in _targets(circular):
        if _order(corpus, circular) < _order(corpus, corpus.circulars[target]):
            params = {"circular": circular.id, "other": target}
            yield finding(Severity.WARNING, "outranked_amendment", circular.place, params=params)


def _targets(circular: Circular) -> tuple[str, ...]:
    """The circulars that this one changes or revokes, as a whole or in a rule."""
    return tuple(dict.fromkeys((*_revoked(circular), *(ref.circular for ref in circular.amends))))


def _revoked(circular: Circular) -> list[str]:
    return [name.partition("#")[0] for name in circular.revokes]


def _order(corpus: Corpus, circular: Circular) -> int:
    return corpus.ranks[circular.rank].order


def _wordings(circular: Circular) -> Iterator[tuple[str, Wording]]:
    yield "tentang", circular.about
    yield from ((rule.ref.rule, rule.content) for rule in circular.rules if rule.content)
    yield from ((f"sanksi {n}", part.content) for n, part in enumerate(circular.sanctions, 1))
    yield from ((f"catatan {n}", part.content) for n, part in enumerate(circular.notes, 1))
    yield from ((f"pertanyaan_terbuka {n}", q.content) for n, q in enumerate(circular.open_questions, 1))


# --- two versions ---


def _pair_findings(corpus: Corpus, a: Circular, b: Circular) -> Iterator[CheckFinding]:
    """Two circulars in force at once that do not speak of each other: the same number, or the same acts."""
    earlier, later = sorted((a, b), key=lambda c: (c.enacted, c.id))
    reach = earlier.regency == later.regency or NATIONAL in (earlier.regency, later.regency)
    if not reach or not _overlap(earlier, later) or _related(earlier, later):
        return
    params: dict[str, object] = {"circular": later.id, "other": earlier.id}
    if earlier.number is not None and _number(earlier.number) == _number(later.number):
        params["number"] = later.number
        yield finding(Severity.WARNING, "same_number", later.place, params=params)
        return
    shared = sorted({r.activity for r in earlier.rules} & {r.activity for r in later.rules})
    if shared and _order(corpus, earlier) == _order(corpus, later):
        params["activities"] = ", ".join(shared)
        yield finding(Severity.INFO, "overlap", later.place, params=params)


def _overlap(a: Circular, b: Circular) -> bool:
    return (a.until is None or b.since < a.until) and (b.until is None or a.since < b.until)


def _related(a: Circular, b: Circular) -> bool:
    return any(_mentions(one, other) for one, other in ((a, b), (b, a)))


def _mentions(one: Circular, other: Circular) -> bool:
    named = {ref.circular for rule in one.rules for ref in (*rule.lifts, *rule.special_to)}
    return other.id in {*_revoked(one), *(ref.circular for ref in one.amends), *named}


def _number(number: str | None) -> str:
    """The number without what people write differently: case, white space, a stray dot."""
    return "".join(sign for sign in (number or "").casefold() if sign.isalnum() or sign == "/")


# --- vocabulary, remarks ---


def _vocabulary_wording(corpus: Corpus) -> Iterator[CheckFinding]:
    vocabulary = corpus.vocabulary
    groups: dict[str, list[tuple[str, Wording]]] = {
        "perbuatan": [(act.id, act.name) for act in vocabulary.activities.values()],
        "status": [(status.id, status.name) for status in vocabulary.statuses.values()],
        "unit": [(unit.id, unit.name) for unit in vocabulary.units.values()],
        "fakta": [
            (fact.id, wording)
            for fact in vocabulary.facts.values()
            for wording in (fact.question, *(w for o in fact.options for w in (o.label, o.condition)))
            if wording is not None
        ],
    }
    for group, wordings in groups.items():
        missing = list(dict.fromkeys(name for name, wording in wordings if "en" not in wording))
        if missing:
            place = Place(f"kosakata/{group}.yaml", 0)
            params = {"circular": group, "parts": ", ".join(missing)}
            yield finding(Severity.INFO, "untranslated", place, params=params)


def _remark(remark: Problem) -> CheckFinding:
    code = remark.key.rpartition(".")[2]
    content = remark.file, sorted((name, str(value)) for name, value in remark.params.items())
    return CheckFinding(
        severity=_REMARKS.get(code, Severity.WARNING),
        code=code,
        key=remark.key,
        file=remark.file,
        line=remark.line,
        params=remark.params,
        mark=mark_of(code, content),
    )
