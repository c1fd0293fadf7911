"""The compiled evaluator against the plain one, over the whole space of situations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice, product
from math import prod
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import ALLOWED, FactValue, RuleRef
from bot.policy.corpus import Corpus
from bot.policy.decide import Engine, RegencyEngine
from bot.policy.finding import Finding
from bot.policy.load import load
from tests import reference
from tests.policy_worlds import REGION, corpora
from tests.reference import Axis, Partial, Reference, Situation

MOST_PARTIALS = 150
"""Partly known situations compared for each random corpus; complete ones are compared all."""

thorough = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def presumed_values(corpus: Corpus, axes: list[Axis]) -> dict[Axis, FactValue]:
    facts = corpus.vocabulary.facts
    found = ((axis, facts[axis[0]].presumption) for axis in axes if axis[1] == "nilai")
    return {axis: value for axis, value in found if value is not None}


def cells(engine: RegencyEngine, situation: Situation) -> list[Any]:
    return [
        v.cell(situation[v.fact, v.measure]) if (v.fact, v.measure) in situation else None
        for v in engine.law.variables
    ]


def finding(engine: RegencyEngine, root: int, known: Situation) -> Finding:
    left = engine.law.space.restrict(root, cells(engine, known))
    return engine.reader.finding(left, engine.situations.presumed)


@given(corpora())
@thorough
def test_every_complete_situation_gets_the_verdict_of_the_definitions(corpus: Corpus) -> None:
    engine, plain = Engine(corpus).regency(REGION), Reference(corpus, REGION)
    for day, activity in product(engine.law.slice_days(), ("live", "media")):
        root = engine.law.root(day, activity)
        for situation in plain.situations():
            expected = plain.answer(day, activity, situation)
            outcome = engine.law.space.decide(root, cells(engine, situation))
            refs = map(frozenset, (outcome.basis, outcome.duties, outcome.overridden))
            assert reference.Answer(outcome.kind, *refs) == expected, situation


@given(corpora(), st.data())
@thorough
def test_unknown_facts_are_answered_as_all_completions_together(corpus: Corpus, data: st.DataObject) -> None:
    engine, plain = Engine(corpus).regency(REGION), Reference(corpus, REGION)
    day = data.draw(st.sampled_from(engine.law.slice_days()))
    table = [(s, plain.answer(day, "live", s)) for s in plain.situations()]
    axes = list(plain.axes)
    presumed = presumed_values(corpus, axes)
    root = engine.law.root(day, "live")
    for known in partly_known(plain):
        completions = tuple((s, a) for s, a in table if all(s[x] == v for x, v in known.items()))
        partial = reference.read(completions, axes, known, presumed)
        assert_same(finding(engine, root, known), partial)


@cache
def real() -> Corpus:
    return load()


def regencies_and_acts() -> list[tuple[str, str]]:
    """Every act a circular speaks of, and one that belongs to it, in every regency."""
    return [
        (regency, act)
        for regency in real().regencies
        for act in sorted({r.activity for c in real().circulars_for(regency) for r in c.rules} | {"unggah"})
    ]


@pytest.mark.parametrize(("regency", "act"), regencies_and_acts())
def test_the_real_circulars_are_answered_by_their_definitions_in_every_situation(
    regency: str, act: str
) -> None:
    engine, plain = Engine(real()).regency(regency), Reference(real(), regency)
    axes = list(plain.axes)
    presumed = presumed_values(real(), axes)
    for day in engine.law.slice_days():
        root = engine.law.root(day, act)
        table = [(s, plain.answer(day, act, s)) for s in plain.situations()]
        for situation, expected in table:
            outcome = engine.law.space.decide(root, cells(engine, situation))
            refs = map(frozenset, (outcome.basis, outcome.duties, outcome.overridden))
            assert reference.Answer(outcome.kind, *refs) == expected, situation
        for known in partly_known(plain):
            completions = tuple((s, a) for s, a in table if all(s[x] == v for x, v in known.items()))
            partial = reference.read(completions, axes, known, presumed)
            assert_same(finding(engine, root, known), partial)


def partly_known(plain: Reference) -> Iterator[dict[Axis, FactValue]]:
    """Situations of which part is known: all of them where the space is small, else an even choice."""
    axes = list(plain.axes)
    choices = [(None, *plain.axes[axis]) for axis in axes]
    step = max(1, prod(map(len, choices)) // MOST_PARTIALS)
    for picked in islice(product(*choices), 0, None, step | 1):
        yield {axis: value for axis, value in zip(axes, picked, strict=True) if value is not None}


def assert_same(got: Finding, partial: Partial) -> None:
    assert got.kind is partial.kind
    assert got.certain is partial.certain
    assert set(got.needs) == partial.needs
    possible = {(a.basis, a.duties, a.overridden) for a in partial.headlines}
    assert (frozenset(got.basis), frozenset(got.duties), frozenset(got.overridden)) in possible
    assert set(got.others) == partial.carriers - set(got.basis)
    assert_conditions(got, partial)
    assert set(got.contrary) == contrary(got, partial)


def contrary(got: Finding, partial: Partial) -> set[RuleRef]:
    """What the conditions guard against, or what allows under them."""
    if not got.conditions:
        return set()
    if got.kind in ALLOWED:
        reached = [a for _, a in partial.completions if a.kind not in ALLOWED]
    else:
        reached = [a for s, a in partial.completions if all(reference.meets(c, s) for c in got.conditions)]
    return {ref for answer in reached for ref in answer.basis}


def assert_conditions(got: Finding, partial: Partial) -> None:
    """With them the act is allowed whatever else is true; with any of them left out, it may not be."""
    can_act = any(answer.kind in ALLOWED for _, answer in partial.completions)
    if not got.conditions:
        always = all(answer.kind in ALLOWED for _, answer in partial.completions)
        assert partial.certain or not can_act or always
        return
    assert can_act
    assert any(all(reference.meets(c, s) for c in got.conditions) for s, _ in partial.completions)
    assert reference.sound(got.conditions, partial)
    for left_out in got.conditions:
        fewer = [c for c in got.conditions if c != left_out]
        assert not reference.sound(fewer, partial), f"{left_out} is not needed"
