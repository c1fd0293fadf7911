"""Editorial or material, and whose: decided by diagrams, checked against what the engine answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaigns import change, differences
from bot.campaigns.change import Change, Kind
from bot.campaigns.law import record
from bot.catalogues import load_catalogues
from bot.model import Asker, FactValue, Grain, Intent, Question, Verdict, When
from bot.policy.condition import All, Some
from bot.policy.condition import Test as Compared
from bot.policy.corpus import Circular, Corpus, Note
from bot.policy.decide import Engine
from bot.policy.load import load
from bot.vocabulary import FactKind
from bot.worktime import Hours
from tests import policy_worlds as world
from tests.policy_worlds import BAN, MAY, MUST, REGION, at, both, circular, corpus, no, one_of, ref, rule, yes

TEXTS = load_catalogues()["id"]
NAME = f"{REGION}/se-1"
BASE = circular(rule("a", BAN, yes("dalam_jam_kerja")))


def between(old: Circular, new: Circular, *others: Circular) -> Change:
    return change.between(corpus(old, *others), corpus(new, *others), NAME, REGION)


def who(found: Change) -> set[tuple[str, str]]:
    return {(p.status, p.pattern) for p in found.concerned}


@cache
def real() -> Corpus:
    return load()


def real_change(name: str, **more: Any) -> Change:
    changed = replace(real().circulars[name], **more)
    other = replace(real(), circulars={**real().circulars, name: changed})
    return change.between(real(), other, name, name.split("/")[0])


# --- editorial ---


@pytest.mark.parametrize("name", sorted(real().circulars))
def test_other_quotes_clauses_notes_and_numbers_are_editorial(name: str) -> None:
    found = real().circulars[name]
    rules = tuple(replace(r, quote="salah ketik", clause="9", summary={"id": "x"}) for r in found.rules)
    note = Note("tujuan", {"id": "agar rapi"})
    assert real_change(name, rules=rules, number="1", notes=(note,)).kind is Kind.EDITORIAL


def test_another_name_for_a_rule_is_editorial() -> None:
    ban, lift = both(yes("dalam_jam_kerja")), both(yes("dalam_jam_kerja"), yes("dinas"))
    old = circular(rule("a", BAN, ban), rule("b", MAY, lift, lifts=(ref("a"),)))
    new = circular(rule("x", BAN, ban), rule("y", MAY, lift, lifts=(ref("x"),)))
    assert between(old, new).kind is Kind.EDITORIAL


def test_the_same_said_in_another_way_is_editorial() -> None:
    """Not (a and b) is (not a) or (not b): no text tells, the diagrams do."""
    old = circular(rule("a", BAN, Some((yes("dinas"), yes("izin")))))
    new = circular(rule("a", BAN, yes("dinas")), rule("b", BAN, both(yes("izin"), no("dinas"))))
    assert between(old, new) == Change(Kind.EDITORIAL, frozenset(), False, "kantor")


def test_a_condition_that_is_never_fulfilled_there_is_editorial() -> None:
    """Nobody of this office works on Saturdays and Sundays."""
    office = replace(world.calendar(), patterns=world.calendar().patterns[:1])
    weekdays = circular(rule("a", BAN, both(yes("dalam_jam_kerja"), one_of("hari", *world.WEEK[:5]))))
    old, new = (corpus(found, calendar=office) for found in (weekdays, BASE))
    assert change.between(old, new, NAME, REGION).kind is Kind.EDITORIAL


def test_what_a_higher_circular_overrides_anyway_is_editorial() -> None:
    higher = circular(rule("z", BAN, circular="se-2"), name="se-2", rank="tinggi", amends=(ref("a"),))
    assert between(BASE, circular(rule("a", MAY, yes("dinas"))), higher).kind is Kind.EDITORIAL
    assert between(BASE, circular(rule("a", MAY, yes("dinas")))).kind is Kind.MATERIAL


# --- material, and for whom ---


def test_new_addressees_are_the_only_ones_concerned() -> None:
    without = one_of("status", "pns", "pppk")
    name = "lumajang/se-3-2026"
    old = replace(real().circulars[name], addressees=without)
    found = change.between(
        replace(real(), circulars={**real().circulars, name: old}), real(), name, "lumajang"
    )
    assert found.kind is Kind.MATERIAL
    assert {p.status for p in found.concerned} == {"pppk_paruh_waktu"}
    assert found.concerns("pppk_paruh_waktu", None, None)
    assert not found.concerns("pns", "dinas", "lima_hari")
    assert found.concerns(None, None, None)  # a status that nobody has registered may be this one


def test_a_unit_class_that_is_excepted_is_the_only_one_concerned() -> None:
    excepted = circular(
        *BASE.rules, rule("b", MAY, both(yes("dalam_jam_kerja"), one_of("unit", "upt")), lifts=(ref("a"),))
    )
    assert {p.unit for p in between(BASE, excepted).concerned} == {"upt"}


def test_saturdays_concern_only_those_who_may_work_on_them() -> None:
    weekdays = circular(rule("a", BAN, both(yes("dalam_jam_kerja"), one_of("hari", *world.WEEK[:5]))))
    assert who(between(BASE, weekdays)) == {("pns", "shift"), ("pppk", "shift")}


@pytest.mark.parametrize("day", world.WEEK)
def test_a_rule_about_one_day_of_the_week_is_looked_at_on_that_day(day: str) -> None:
    extra = rule("b", BAN, one_of("hari", day), activity="unggah")
    assert who(between(BASE, circular(*BASE.rules, extra))) == {
        (status, pattern) for status in ("pns", "pppk") for pattern in ("kantor", "shift")
    }


def test_a_shift_by_night_counts_on_the_day_on_which_it_ends() -> None:
    night = replace(world.calendar().patterns[0], id="malam", days={4: Hours(22 * 60, 30 * 60)})
    clock = replace(world.calendar(), patterns=(*world.calendar().patterns[:1], night))
    weekdays = circular(rule("a", BAN, both(yes("dalam_jam_kerja"), one_of("hari", *world.WEEK[:5]))))
    found = change.between(corpus(BASE, calendar=clock), corpus(weekdays, calendar=clock), NAME, REGION)
    assert {p.pattern for p in found.concerned} == {"malam"}


def test_other_dates_of_force_concern_all_who_are_bound_on_the_days_between() -> None:
    found = between(BASE, replace(BASE, since=BASE.since + timedelta(days=7)))
    assert who(found) == {(s, p) for s in ("pns", "pppk") for p in ("kantor", "shift")}
    assert between(BASE, replace(BASE, until=date(2027, 1, 1))).kind is Kind.MATERIAL


def test_one_condition_more_is_material() -> None:
    assert (
        between(BASE, circular(rule("a", BAN, both(yes("dalam_jam_kerja"), no("dinas"))))).kind
        is Kind.MATERIAL
    )


def test_another_window_of_the_day_is_material() -> None:
    old, new = (circular(rule("a", BAN, world.by_clock("22:00", end))) for end in ("04:00", "05:00"))
    assert between(old, new).kind is Kind.MATERIAL


@pytest.mark.parametrize(
    ("words", "kind", "only_words"),
    [
        ("Jaga norma", Kind.EDITORIAL, False),
        ("jaga  norma.", Kind.EDITORIAL, False),
        ("lapor ke atasan", Kind.MATERIAL, True),
    ],
)
def test_other_words_of_a_duty_are_material_but_marked(words: str, kind: Kind, only_words: bool) -> None:
    old, new = (circular(rule("a", MUST, content={"id": text})) for text in ("jaga norma", words))
    found = between(old, new)
    assert (found.kind, found.only_words) == (kind, only_words)


def test_a_new_duty_is_more_than_other_words() -> None:
    duty = rule("b", MUST, yes("dalam_jam_kerja"), content={"id": "jaga norma"})
    found = between(BASE, circular(*BASE.rules, duty))
    assert (found.kind, found.only_words) == (Kind.MATERIAL, False)


# --- the stored law against a vocabulary that has gone on ---


def test_a_unit_class_that_joins_the_addressees_is_concerned() -> None:
    """The class is new in kosakata, below one that the circular names; the loader spreads the names."""
    new_facts = tuple(
        world.choice("unit", ("opd", "upt", "labkes"), "pegawai") if f.id == "unit" else f
        for f in world.FACTS
    )
    old = replace(BASE, addressees=one_of("unit", "opd", "upt"))
    new = replace(BASE, addressees=one_of("unit", "opd", "upt", "labkes"))
    found = change.compare(
        record(corpus(old), NAME),
        record(corpus(new, facts=new_facts), NAME),
        corpus(new, facts=new_facts),
        REGION,
    )
    assert {p.unit for p in found.concerned} == {"labkes"}


def test_a_fact_that_the_vocabulary_has_dropped_can_still_be_compared() -> None:
    old = corpus(circular(rule("a", BAN, yes("izin"))))
    fewer = corpus(circular(rule("a", BAN, yes("dinas"))), facts=[f for f in world.FACTS if f.id != "izin"])
    found = change.compare(record(old, NAME), record(fewer, NAME), fewer, REGION)
    assert found.kind is Kind.MATERIAL
    words = differences.differences(record(old, NAME), record(fewer, NAME), fewer, TEXTS)
    assert (
        words == ("Diubah: ⛔ Dilarang live dinas. Semula: ⛔ Dilarang live izin=True.",) or len(words) == 1
    )


def test_an_act_that_was_moved_in_the_tree_changes_what_a_ban_reaches() -> None:
    media = circular(rule("a", BAN, activity="media"))
    old, new = corpus(media), corpus(media)
    acts = {**new.vocabulary.activities}
    acts["unggah"] = replace(acts["unggah"], parent=None)
    new = replace(new, vocabulary=replace(new.vocabulary, activities=acts))
    found = change.between(old, new, NAME, REGION)
    assert found.kind is Kind.MATERIAL
    assert differences.between(old, new, NAME, TEXTS) == (TEXTS("change.vocabulary"),)


def test_a_fact_of_another_kind_concerns_everybody() -> None:
    number = tuple(
        replace(f, kind=FactKind.NUMBER, options=()) if f.id == "jenis" else f for f in world.FACTS
    )
    old = corpus(circular(rule("a", BAN, one_of("jenis", "a"))))
    new = corpus(circular(rule("a", BAN, Compared("jenis", None, (3, 1), None))), facts=number)
    found = change.between(old, new, NAME, REGION)
    assert len(found.concerned) == 3 * 2 * 2


# --- in words ---


def test_what_differs_is_said_in_words() -> None:
    new = replace(
        circular(
            rule("a", BAN, both(yes("dalam_jam_kerja"), no("dinas"))), rule("b", MAY, activity="unggah")
        ),
        since=date(2026, 2, 1),
        addressees=one_of("status", "pns"),
    )
    assert differences.between(corpus(BASE), corpus(new), NAME, TEXTS) == (
        "Mulai berlaku Min 1 Feb 2026 (semula Kam 1 Jan 2026).",
        "Penerima: pns (semula pns atau pppk).",
        "Diubah: ⛔ Dilarang live dalam_jam_kerja dan tanpa dinas. Semula: ⛔ Dilarang live dalam_jam_kerja.",
        "Baru: ✅ Boleh unggah.",
    )
    assert differences.between(corpus(new), corpus(BASE), NAME, TEXTS)[-1] == "Dihapus: ✅ Boleh unggah."


def test_nothing_but_writing_is_said_too() -> None:
    assert differences.between(corpus(BASE), corpus(BASE), NAME, TEXTS) == (TEXTS("change.nothing"),)


# --- against the engine, at random ---


@st.composite
def versions(draw: st.DrawFn) -> tuple[Corpus, Corpus]:
    """Two versions of a circular, near each other or not, among others."""
    old = draw(world.circulars("se-1"))
    new = draw(world.circulars("se-1"))
    if world.coin(draw):  # one rule of the old one in another state
        kept = [r for r in old.rules if draw(st.integers(0, 2))]
        new = replace(old, rules=tuple(replace(r, condition=All((r.condition,))) for r in kept))
    others = [draw(world.circulars("se-2", (old,)))] if world.coin(draw) else []
    return corpus(old, *others), corpus(new, *others)


SAID: dict[str, list[FactValue]] = {
    "dinas": [True, False],
    "resmi": [True, False],
    "izin": [True, False],
    "jenis": ["a", "b", "c"],
    "harga": [5, 10, 15, 20, 25],
    "terima": [date(2026, 2, 20), date(2026, 3, 2), date(2026, 1, 5)],
}


@st.composite
def questions(draw: st.DrawFn) -> tuple[Question, Asker]:
    facts = {n: draw(st.sampled_from(values)) for n, values in SAID.items() if world.coin(draw)}
    act = draw(st.sampled_from(("live", "media", "unggah", "lain")))
    day = world.START + timedelta(days=draw(st.integers(-5, 150)))
    moment = at(day, draw(st.sampled_from(("03:00", "09:00", "12:30", "15:59", "20:00"))))
    asker = Asker(
        REGION,
        draw(st.sampled_from(("pns", "pppk", "desa"))),
        draw(st.sampled_from(("opd", "upt"))),
        draw(st.sampled_from(("kantor", "shift"))),
    )
    return Question(Intent.MAY_I, act, When(moment, None, Grain.INSTANT), facts), asker


def counted(found: Corpus, verdict: Verdict) -> tuple[object, ...]:
    duties = {ref.rule if ref.circular != NAME else str(found.rule(ref).content) for ref in verdict.duties}
    return verdict.kind, verdict.certain, verdict.conditions, frozenset(duties)


@given(versions(), st.lists(questions(), min_size=10, max_size=10))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_nobody_gets_another_answer_but_those_whom_the_change_concerns(
    pair: tuple[Corpus, Corpus], asked: list[tuple[Question, Asker]]
) -> None:
    found = change.between(*pair, NAME, REGION)
    assert (found.kind is Kind.MATERIAL) == bool(found.concerned)
    engines = [Engine(version) for version in pair]
    for question, asker in asked:
        now: datetime = question.when.start  # type: ignore[union-attr, assignment]
        old, new = (counted(e.corpus, e.decide(question, asker, now)) for e in engines)
        if old != new:
            assert found.concerns(asker.status, asker.unit, asker.pattern), (old, new)


@given(versions())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_whom_a_change_concerns_is_the_same_both_ways(pair: tuple[Corpus, Corpus]) -> None:
    old, new = pair
    there = change.between(old, new, NAME, REGION)
    back = change.between(new, old, NAME, REGION)
    assert there.concerned == back.concerned
    assert all(differences.between(old, new, NAME, TEXTS))


def test_no_change_is_no_change() -> None:
    for name in real().circulars:
        assert not real_change(name).concerned
