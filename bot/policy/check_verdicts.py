"""Checks of the verdicts that rules give together: contradictions, gaps, facts that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.model import RuleRef, VerdictKind
from bot.policy.build import REGISTERED
from bot.policy.check_finding import CheckFinding, Severity, finding
from bot.policy.check_slices import Field
from bot.policy.condition import Condition, tests_in
from bot.policy.corpus import Circular, Corpus, Place, Rule
from bot.policy.derived import KINDS
from bot.policy.precedence import Outcome

FACT_FILE = "kosakata/fakta.yaml"


def verdict_findings(
    corpus: Corpus, fields: Sequence[Field], idle: Collection[RuleRef]
) -> Iterator[CheckFinding]:
    """`idle`: rules of which it is already told that they do nothing."""
    yield from _contradictions(fields)
    yield from _gaps(corpus, fields)
    yield from _facts(fields, idle)


# --- contradictions ---


def _contradictions(fields: Sequence[Field]) -> Iterator[CheckFinding]:
    """Rules that say the opposite in a situation that can occur; one finding for each set of rules."""
    found: dict[frozenset[RuleRef], Field] = {}
    for field in fields:
        for outcome in field.law.space.outcomes(_conflicts(field)):
            if outcome is not None:
                found.setdefault(frozenset(outcome.basis), field)
    smallest = [basis for basis in found if not any(other < basis for other in found)]
    for basis in smallest:
        field = found[basis]
        rules = [rule for rule in field.rules if rule.ref in basis]
        example = _conflict_case(field, basis, rules[0])
        yield finding(Severity.ERROR, "contradiction", rules[0].place, rules, example)


def _conflicts(field: Field) -> int:
    def conflict(outcome: Outcome) -> Outcome | None:
        return outcome if outcome.kind is VerdictKind.CONFLICT else None

    return field.verdicts(field.law, conflict)


def _conflict_case(field: Field, basis: frozenset[RuleRef], home: Rule) -> str | None:
    found = field.smallest(_conflicts(field), lambda o: o is not None and frozenset(o.basis) == basis)
    return (
        field.case(found, " × ".join(sorted(ref.rule for ref in basis)), home.ref.circular) if found else None
    )


# --- gaps ---


def _gaps(corpus: Corpus, fields: Sequence[Field]) -> Iterator[CheckFinding]:
    """An act that a circular speaks of, and a situation about which it says nothing; for the latest law."""
    latest = {field.activity: field for field in fields}
    for activity, field in latest.items():
        kinds = field.verdicts(field.law, lambda outcome: outcome.kind)
        found = field.smallest(kinds, lambda kind: kind is VerdictKind.NOT_PROHIBITED)
        if found is not None:
            home = corpus.circulars[field.rules[0].ref.circular]
            example = field.case(found, activity, home.id)
            params = {"circular": home.id, "activity": activity}
            yield finding(Severity.INFO, "gap", home.place, (), example, params)


# --- facts ---


def _facts(fields: Sequence[Field], idle: Collection[RuleRef]) -> Iterator[CheckFinding]:
    """Facts that rules test although no verdict depends on them, or although nobody can tell them."""
    depended = _depended(fields)
    for (_, name), rules in _testers(fields).items():
        if name not in depended:
            if any(rule.ref not in idle for rule in rules):
                yield _about_fact(Severity.WARNING, "fact_without_effect", name, rules)
            continue
        fact = fields[0].law.corpus.vocabulary.facts[name]
        if fact.question is not None or name in KINDS or name in REGISTERED:
            continue
        if fact.source == "atasan":
            yield _about_fact(Severity.INFO, "fact_of_superior", name, rules)
        else:
            yield _about_fact(Severity.ERROR, "unaskable", name, rules)


def _testers(fields: Sequence[Field]) -> dict[tuple[str, str], list[Rule]]:
    """The rules of each circular that test a fact, by circular and fact."""
    found: dict[tuple[str, str], dict[RuleRef, Rule]] = {}
    for rule in (rule for field in fields for rule in field.rules):
        for test in tests_in(rule.condition):
            found.setdefault((rule.ref.circular, test.fact), {})[rule.ref] = rule
    return {key: list(rules.values()) for key, rules in found.items()}


def _about_fact(severity: Severity, code: str, name: str, rules: Sequence[Rule]) -> CheckFinding:
    return finding(severity, code, rules[0].place, rules, params={"fact": name})


def _depended(fields: Iterable[Field]) -> set[str]:
    found: set[str] = set()
    for field in fields:
        said = field.verdicts(field.law, lambda outcome: (outcome.kind, outcome.duties))
        levels = field.law.space.support(said)
        found.update(field.law.variables[level].fact for level in levels)
    return found


def vocabulary_findings(corpus: Corpus) -> Iterator[CheckFinding]:
    """Facts of the vocabulary that no rule of any circular tests."""
    tested = {
        t.fact for c in corpus.circulars.values() for condition in _conditions(c) for t in tests_in(condition)
    }
    for name in corpus.vocabulary.facts:
        if name not in tested and name not in KINDS and name not in REGISTERED:
            yield finding(Severity.INFO, "fact_unused", Place(FACT_FILE, 0), params={"fact": name})


def _conditions(circular: Circular) -> Iterator[Condition]:
    yield circular.addressees
    yield from (rule.condition for rule in circular.rules)
    yield from (note.condition for note in circular.notes)
    yield from (question.condition for question in circular.open_questions)
