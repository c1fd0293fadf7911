"""Checks of duties that ride along, against the exceptions they may be meant for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.policy.check_finding import CheckFinding, Severity, finding
from bot.policy.check_slices import Field
from bot.policy.condition import tests_in
from bot.policy.corpus import Corpus, Modality, Rule


def riding_findings(corpus: Corpus, fields: Sequence[Field]) -> Iterator[CheckFinding]:
    """Duties that hold wherever an exception of the same circular does, share a condition with it that
    people are asked about, and hold elsewhere too: perhaps they are meant for the exempted alone."""
    rules = {rule.ref: rule for field in fields for rule in field.rules}.values()
    for duty in (rule for rule in rules if rule.rides_along):
        for exception in (rule for rule in rules if _accompanied(corpus, duty, rule)):
            own = [field for field in fields if field.has(duty) and field.has(exception)]
            if _inside(exception, duty, own) and not _inside(duty, exception, own):
                yield finding(Severity.INFO, "duty_outgrows", duty.place, [duty, exception])


def _accompanied(corpus: Corpus, duty: Rule, rule: Rule) -> bool:
    exempts = rule.modality is Modality.PERMISSION and rule.lifts
    at_home = rule.ref.circular == duty.ref.circular
    return bool(exempts) and at_home and not _asked(corpus, duty).isdisjoint(_asked(corpus, rule))


def _asked(corpus: Corpus, rule: Rule) -> set[str]:
    """The facts of its condition that people are asked about."""
    facts = {test.fact for test in tests_in(rule.condition)}
    return {name for name in facts if corpus.vocabulary.facts[name].question is not None}


def _inside(a: Rule, b: Rule, own: Sequence[Field]) -> bool:
    """Whether `a` stands only where `b` does; False if they never meet."""
    return bool(own) and all(field.minus(field.stands(a), field.stands(b)) == field.never for field in own)
