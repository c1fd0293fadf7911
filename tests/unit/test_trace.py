"""The trace of a verdict: every rule, whether it applies, what decided that, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Asker, Grain, Intent, Literal, Question, When
from bot.policy.condition import Some
from bot.policy.corpus import Circular, Corpus, Place
from bot.policy.decide import Engine
from bot.policy.trace import Defeat, How, RuleTrace, trace
from tests.policy_worlds import (
    BAN,
    MAY,
    MONDAY,
    MUST,
    REGION,
    START,
    at,
    both,
    circular,
    corpora,
    corpus,
    no,
    one_of,
    ref,
    rule,
    yes,
)
from tests.reference import Reference

JAM_KERJA = rule("jam-kerja", BAN, yes("dalam_jam_kerja"), line=12, quote="dilarang siaran", clause="3")
DINAS = rule("dinas", MAY, both(yes("dinas"), yes("resmi")), lifts=(JAM_KERJA.ref,))
LAW = circular(JAM_KERJA, DINAS)
PNS = Asker(REGION, "pns")
WORKING = at(MONDAY, "09:00")


def traced(
    *circulars: Circular, asker: Asker = PNS, when: datetime = WORKING, **facts: Any
) -> dict[str, RuleTrace]:
    question = Question(Intent.WHY, "live", When(when, None, Grain.INSTANT), facts)
    found = trace(Engine(corpus(*circulars)).regency(REGION), question, asker, when)
    return {part.ref.rule: part for part in found}


def test_every_rule_that_speaks_of_the_act_is_told_and_no_other() -> None:
    wide, other = rule("media", BAN, activity="media"), rule("unggah", BAN, activity="unggah")
    assert list(traced(circular(JAM_KERJA, wide, other))) == ["jam-kerja", "media"]


def test_a_rule_that_applies_names_the_facts_that_make_it() -> None:
    part = traced(LAW, dinas=False)["jam-kerja"]
    assert (part.in_force, part.applies, part.stands, part.defeats) == (True, True, True, ())
    assert part.deciding == (Literal("status", "pns"), Literal("dalam_jam_kerja", True))
    assert (part.quote, part.clause, part.place) == (
        "dilarang siaran",
        "3",
        Place("antah/se-1/edaran.yaml", 12),
    )


def test_a_rule_that_does_not_apply_names_one_fact_that_suffices() -> None:
    parts = traced(LAW, dinas=False, resmi=False)
    assert parts["dinas"].applies is False
    assert parts["dinas"].deciding in ((Literal("dinas", False),), (Literal("resmi", False),))


def test_someone_not_addressed_is_told_that_her_status_decides() -> None:
    part = traced(LAW, asker=Asker(REGION, "desa"))["jam-kerja"]
    assert (part.applies, part.deciding) == (False, (Literal("status", "desa"),))


def test_either_of_two_ways_to_apply_is_enough() -> None:
    either = rule("salah-satu", BAN, Some((yes("dinas"), yes("resmi"))))
    part = traced(circular(either), dinas=True)["salah-satu"]
    assert part.applies is True
    assert Literal("dinas", True) in part.deciding
    assert len(part.deciding) == 2


def test_a_rule_that_holds_whatever_an_unknown_fact_is_applies() -> None:
    always = rule("selalu", BAN, Some((yes("izin"), no("izin"))))
    part = traced(circular(always))["selalu"]
    assert (part.applies, part.missing) == (True, ())


def test_a_rule_whose_facts_are_unknown_names_them() -> None:
    part = traced(LAW, dinas=True)["dinas"]
    assert (part.applies, part.stands, part.deciding, part.missing) == (None, None, (), ("resmi",))


def test_an_exception_and_its_ban_know_of_each_other() -> None:
    parts = traced(LAW, dinas=True, resmi=True)
    assert parts["dinas"].lifts == (JAM_KERJA.ref,)
    assert parts["jam-kerja"].stands is False
    assert parts["jam-kerja"].defeats == (Defeat(How.LIFTED, LAW.id, DINAS.ref, True),)


def test_what_may_defeat_a_rule_is_told_as_possible() -> None:
    parts = traced(LAW, dinas=True)
    assert parts["jam-kerja"].stands is None
    assert parts["jam-kerja"].defeats == (Defeat(How.LIFTED, LAW.id, DINAS.ref, False),)


def test_an_exception_that_is_lifted_itself_lifts_nothing() -> None:
    back = rule("kembali", BAN, yes("izin"), lifts=(DINAS.ref,))
    parts = traced(circular(JAM_KERJA, DINAS, back), dinas=True, resmi=True, izin=True)
    assert parts["dinas"].lifts == ()
    assert parts["jam-kerja"].stands is True
    assert parts["kembali"].lifts == (DINAS.ref,)


def test_a_rule_that_gave_way_names_the_one_that_prevailed() -> None:
    newer = circular(rule("boleh", MAY, circular="se-2"), name="se-2", enacted=MONDAY)
    part = traced(circular(rule("larangan", BAN)), newer)["larangan"]
    assert part.defeats == (Defeat(How.OVERRIDDEN, newer.id, ref("boleh", "se-2"), True),)
    assert part.stands is False


def test_an_amended_rule_names_the_circular_that_amends_it() -> None:
    newer = circular(
        rule("boleh", MAY, circular="se-2"),
        name="se-2",
        amends=(JAM_KERJA.ref,),
        addressees=one_of("status", "pns"),
    )
    assert traced(LAW, newer)["jam-kerja"].defeats[0] == Defeat(How.AMENDED, newer.id)
    assert traced(LAW, newer, asker=Asker(REGION, "pppk"), dinas=False)["jam-kerja"].stands is True
    unknown = traced(LAW, newer, asker=Asker(REGION))["jam-kerja"]
    assert Defeat(How.AMENDED, newer.id, certain=False) in unknown.defeats


def test_a_circular_not_in_force_is_told_as_such() -> None:
    before = traced(LAW, when=at(START - timedelta(days=1), "09:00"))["jam-kerja"]
    assert (before.in_force, before.applies, before.stands) == (False, False, False)


def test_a_revoked_circular_names_the_one_that_revoked_it() -> None:
    newer = circular(rule("boleh", MAY, circular="se-2"), name="se-2", revokes=(LAW.id,))
    part = traced(LAW, newer)["jam-kerja"]
    assert (part.in_force, part.defeats) == (False, (Defeat(How.REVOKED, newer.id),))


def test_a_revoked_rule_names_the_circular_that_revoked_it_and_the_others_stay() -> None:
    newer = circular(
        rule("boleh", MAY, circular="se-2"), name="se-2", revokes=(f"{JAM_KERJA.ref.circular}#jam-kerja",)
    )
    found = traced(LAW, newer)
    assert (found["jam-kerja"].in_force, found["jam-kerja"].defeats) == (
        False,
        (Defeat(How.REVOKED, newer.id),),
    )
    assert [name for name, part in found.items() if part.in_force] == [n for n in found if n != "jam-kerja"]


def test_a_duty_that_rides_along_is_told_too() -> None:
    norm = rule("norma", MUST, content={"id": "jaga norma"})
    assert traced(circular(JAM_KERJA, norm))["norma"].stands is True


def test_a_trace_needs_an_act() -> None:
    engine = Engine(corpus(LAW)).regency(REGION)
    with pytest.raises(ValueError, match="act"):
        trace(engine, Question(Intent.WHY, None, None), PNS, WORKING)


@given(
    corpora(),
    st.dictionaries(st.sampled_from(("dinas", "resmi", "izin")), st.booleans()),
    st.sampled_from((None, "pns", "pppk", "desa")),
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_trace_agrees_with_the_verdict_and_its_deciding_facts_suffice(
    law: Corpus, facts: dict[str, bool], status: str | None
) -> None:
    engine, asker = Engine(law).regency(REGION), Asker(REGION, status)
    question = Question(Intent.MAY_I, "live", When(WORKING, None, Grain.INSTANT), facts)
    verdict = engine.decide(question, asker, WORKING)
    parts = trace(engine, question, asker, WORKING)
    standing = {part.ref for part in parts if part.stands is not False}
    assert standing.issuperset((*verdict.basis, *verdict.others, *verdict.duties))
    if not verdict.needs and verdict.basis:
        assert any(part.stands is not False for part in parts)
    plain = Reference(law, REGION)
    for part in parts:
        if part.in_force and part.applies is not None:
            rule = law.rule(part.ref)
            known = {(c.fact, c.measure): c.value for c in part.deciding if c.value is not None}
            if len(known) == len(part.deciding):
                answers = {plain._applies(rule, s) for s in plain.situations(known)}
                assert answers == {part.applies}


def test_places_are_those_of_the_rules() -> None:
    moved = replace(JAM_KERJA, place=Place("antah/se-1/edaran.yaml", 77))
    assert traced(circular(moved))["jam-kerja"].place.line == 77
