"""The check of understanding: only sure situations, answered as the definitions answer them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaigns.quiz import (
    MOST,
    Answer,
    Item,
    Pressed,
    Quiz,
    buttons,
    judged,
    pressed,
    worded,
)
from bot.campaigns.situations import Sort
from bot.catalogues import load_catalogues
from bot.model import ALLOWED, Absence, Asker, FactValue, RuleRef, Unknown, VerdictKind
from bot.policy.corpus import Circular, Corpus, OpenQuestion
from bot.policy.decide import Engine
from bot.policy.derived import derived
from bot.policy.load import load
from bot.worktime import state_at
from tests import policy_worlds as world
from tests.policy_worlds import (
    BAN,
    MAY,
    REGION,
    both,
    by_clock,
    circular,
    corpora,
    corpus,
    more_than,
    no,
    one_of,
    ref,
    rule,
    yes,
)
from tests.reference import Axis, Reference

TEXTS = load_catalogues()
DAY = date(2026, 11, 20)
NAME = f"{REGION}/se-1"
CLERK = Asker(REGION, "pns", "opd", "kantor")

DUTY_ONLY = (
    rule("a", BAN, yes("dalam_jam_kerja"), quote="dilarang live pada jam kerja", clause="1"),
    rule(
        "b",
        MAY,
        both(yes("dalam_jam_kerja"), yes("dinas"), yes("resmi")),
        lifts=(ref("a"),),
        quote="kecuali dinas lewat akun resmi",
        clause="2",
    ),
)


@cache
def real() -> Corpus:
    return load()


def items(
    found: Corpus, asker: Asker = CLERK, name: str = NAME, seeds: int = 6, day: date = DAY
) -> list[Item]:
    quiz = Quiz(Engine(found))
    return [item for seed in range(seeds) for item in quiz.items(name, asker, str(seed), day)]


def made(*rules: Any, **more: Any) -> list[Item]:
    return items(corpus(circular(*rules, **more)))


def at(item: Item) -> Any:
    assert item.question.when is not None
    return item.question.when.start


# --- an independent evaluation ---


def known_to(found: Corpus, plain: Reference, item: Item) -> dict[Axis, FactValue]:
    """What the sentence says, who is asked, and what the calendar says of the moment."""
    calendar = found.regencies[item.asker.regency].calendar
    stretch = state_at(calendar, item.asker.pattern, at(item))
    values: dict[str, Any] = {"status": item.asker.status, "unit": item.asker.unit}
    engine = Engine(found).regency(item.asker.regency)
    for variable in engine.law.variables:
        value = derived(calendar, item.asker.pattern, variable, stretch, at(item), {})
        if value is not None and not isinstance(value, Unknown):
            values[variable.fact] = value
    values.update(item.question.facts)
    return {
        axis: values[axis[0]] for axis in plain.axes if axis[1] == "nilai" and values.get(axis[0]) is not None
    }


def assert_right(found: Corpus, item: Item) -> None:
    plain = Reference(found, item.asker.regency)
    assert item.question.activity is not None
    kinds = {
        plain.answer(at(item).date(), item.question.activity, situation).kind
        for situation in plain.situations(known_to(found, plain, item))
    }
    assert len(kinds) == 1
    assert (kinds.pop() in ALLOWED) is item.allowed


@given(corpora(), st.sampled_from(("pns", "pppk", "desa")), st.sampled_from(("kantor", "shift")))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_the_key_is_what_the_definitions_say(found: Corpus, status: str, pattern: str) -> None:
    for name in found.circulars:
        asker = Asker(REGION, status, "opd", pattern)
        for item in items(found, asker, name, seeds=2, day=world.START + timedelta(days=40)):
            assert_right(found, item)


def real_items() -> Iterator[tuple[str, str, str | None]]:
    for name, found in real().circulars.items():
        patterns = real().regencies[found.regency].calendar.pattern_ids
        yield from product((name,), real().vocabulary.statuses, patterns)


@pytest.mark.parametrize(("name", "status", "pattern"), list(real_items()))
def test_the_key_is_what_the_real_circulars_say(name: str, status: str, pattern: str) -> None:
    asker = Asker(name.split("/")[0], status, "dinas", pattern)
    found = items(real(), asker, name, seeds=3)
    for item in {item.mark: item for item in found}.values():
        assert_right(real(), item)
        assert item.verdict.certain
        assert not item.verdict.cautions


# --- what is asked ---


def test_a_ban_an_exception_and_a_near_miss_are_asked() -> None:
    found = Quiz(Engine(corpus(circular(*DUTY_ONLY)))).items(NAME, CLERK, "1", DAY)
    assert {item.sort for item in found} == set(Sort)
    exception = next(item for item in found if item.sort is Sort.EXCEPTION)
    assert exception.allowed
    assert exception.question.facts == {"dinas": True, "resmi": True}


def test_a_near_miss_lacks_exactly_one_condition_or_lies_outside_the_ban() -> None:
    for item in made(*DUTY_ONLY):
        if item.sort is Sort.NEAR and not item.allowed:
            assert sorted(item.question.facts) == ["dinas", "resmi"]
            assert sorted(map(bool, item.question.facts.values())) == [False, True]
            assert item.rule == ref("b")
        elif item.sort is Sort.NEAR:
            assert not 8 <= at(item).hour < 16 or at(item).weekday() >= 5 or at(item).hour == 12


def test_shortly_after_the_hours_is_asked_where_the_hours_are_confirmed() -> None:
    moments = {at(item).strftime("%H:%M") for item in made(rule("a", BAN, yes("dalam_jam_kerja")))}
    assert "16:15" in moments


def test_where_the_hours_are_not_confirmed_the_sentence_says_what_they_are() -> None:
    asker = Asker("lumajang", "pns", "dinas", "lima_hari")
    for item in items(real(), asker, "lumajang/se-3-2026"):
        if at(item).weekday() < 5:
            assert "dalam_jam_kerja" in item.question.facts


def test_a_shift_worker_is_told_whether_she_is_on_duty() -> None:
    found = items(corpus(circular(*DUTY_ONLY)), replace(CLERK, pattern="shift"))
    assert found
    assert all("dalam_jam_kerja" in item.question.facts for item in found)


def test_leave_changes_no_question() -> None:
    away = replace(CLERK, absences=(Absence("cuti", date(2026, 1, 1)),))
    quiz = Quiz(Engine(corpus(circular(*DUTY_ONLY))))
    assert quiz.items(NAME, away, "1", DAY) == quiz.items(NAME, CLERK, "1", DAY)


def test_a_window_of_the_day_is_asked_inside_and_outside() -> None:
    found = made(rule("a", BAN, by_clock("22:00", "05:00")))
    assert {item.allowed for item in found} == {True, False}
    assert all((at(item).hour >= 22 or at(item).hour < 5) is not item.allowed for item in found)


def test_a_threshold_is_asked_on_both_sides() -> None:
    found = made(rule("a", BAN, more_than("harga", 20)))
    assert {(item.question.facts["harga"] > 20, item.allowed) for item in found} == {  # type: ignore[operator]
        (True, False),
        (False, True),
    }


# --- what is not asked ---


def test_a_contradiction_is_not_asked() -> None:
    found = made(rule("a", BAN, yes("dinas")), rule("b", MAY, both(yes("dinas"), yes("izin"))))
    assert found
    assert all(item.question.facts.get("izin") is not True for item in found if not item.allowed)


@pytest.mark.parametrize("status", ["desa", None])
def test_somebody_whom_the_circular_does_not_surely_address_is_asked_nothing(status: str | None) -> None:
    assert items(corpus(circular(*DUTY_ONLY)), replace(CLERK, status=status)) == []


def test_what_the_circular_leaves_open_is_not_asked() -> None:
    question = OpenQuestion({"id": "apakah harus tertulis"}, (ref("b"),), yes("resmi"))
    found = made(*DUTY_ONLY, open_questions=(question,))
    assert found
    assert all(item.sort is not Sort.EXCEPTION for item in found)


def test_not_to_have_found_a_ban_is_not_asked_where_the_circular_is_registered_in_part() -> None:
    found = made(rule("a", BAN, yes("dalam_jam_kerja")), complete=False)
    assert found
    assert not any(item.allowed for item in found)


def test_a_wide_act_is_not_called_allowed_while_a_narrower_one_is_banned() -> None:
    rules = (rule("a", BAN, yes("dinas"), activity="media"), rule("b", BAN, activity="live"))
    assert all(not item.allowed for item in made(*rules))


def test_what_a_superior_judges_is_never_stated() -> None:
    asker = Asker("kepulauan-anambas", "pns", "dinas", "lima_hari")
    for item in items(real(), asker, "kepulauan-anambas/se-47-2025", seeds=20):
        assert "konten_tidak_pantas" not in item.question.facts


def test_a_circular_that_has_ended_or_has_only_duties_asks_nothing() -> None:
    assert made(*DUTY_ONLY, until=date(2026, 2, 1)) == []
    assert made(rule("a", world.MUST, content={"id": "jaga norma"})) == []
    assert made(rule("a", world.MUST, yes("dinas"))) == []


def test_a_circular_that_begins_later_is_asked_about_from_then_on() -> None:
    begins = date(2027, 1, 11)
    found = made(*DUTY_ONLY, since=begins)
    assert found
    assert all(at(item).date() >= begins for item in found)


# --- the same again; as buttons; in words ---


def test_the_same_seed_gives_the_same_questions_and_another_one_others() -> None:
    engine = Engine(corpus(circular(*DUTY_ONLY)))
    checks = [Quiz(engine).items(NAME, CLERK, seed, DAY) for seed in ("a", "a", "b", "c", "d")]
    assert checks[0] == checks[1]
    assert len({tuple(item.mark for item in check) for check in checks}) > 1
    assert all(len(check) <= MOST for check in checks)


def test_an_answer_keeps_the_clause_and_whether_it_was_right_and_nothing_else() -> None:
    item = made(*DUTY_ONLY)[0]
    assert judged(item, item.allowed) == Answer(item.rule, True)
    assert judged(item, not item.allowed) == Answer(item.rule, False)
    assert {field.name for field in fields(Answer)} == {"rule", "right"}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_buttons_fit_every_channel_and_say_what_they_are_of(language: str) -> None:
    item = made(*DUTY_ONLY)[0]
    row = buttons(item, 2**53, MOST - 1, TEXTS[language])[0]
    assert [len(button.label) <= 20 for button in row] == [True, True]
    assert all(len(button.action.encode()) <= 64 for button in row)
    assert [pressed(button.action) for button in row] == [
        Pressed(2**53, MOST - 1, item.mark, said) for said in (True, False)
    ]


@pytest.mark.parametrize(
    "action", ["", "q:f:a:1", "kuis:", "kuis:x:0:ab:b", "kuis:1:0:ab:z", "kuis:1:0:ab", "kuis:²:0:a:b"]
)
def test_other_buttons_are_none_of_the_check(action: str) -> None:
    assert pressed(action) is None


def test_a_question_is_one_sentence_of_the_vocabulary_with_a_time() -> None:
    found = corpus(circular(*DUTY_ONLY))
    item = next(item for item in items(found) if item.sort is Sort.EXCEPTION)
    text = worded(item, found.vocabulary, TEXTS["id"])
    assert "Anda ingin live dinas dan resmi. Boleh?" in text
    assert f"{at(item):%H.%M} WIB" in text
    assert "\n" not in text


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("name", sorted(real().circulars))
def test_every_real_question_and_explanation_fits_a_message(name: str, language: str) -> None:
    quiz, texts = Quiz(Engine(real())), TEXTS[language]
    asker = Asker(name.split("/")[0], "pns", "dinas", "lima_hari")
    found = [item for seed in range(10) for item in quiz.items(name, asker, str(seed), DAY)]
    assert found
    for item in found:
        assert len(worded(item, real().vocabulary, texts)) <= 300
        assert len(quiz.explained(item, not item.allowed, texts)) <= 1024


def test_a_wrong_answer_is_explained_by_the_clause_with_its_quote() -> None:
    found = corpus(circular(*DUTY_ONLY))
    quiz = Quiz(Engine(found))
    for item in items(found):
        wrong, right = (quiz.explained(item, said is item.allowed, TEXTS["id"]) for said in (False, True))
        quote = found.rule(item.rule).quote
        assert quote is not None
        assert quote in wrong
        assert wrong.startswith("Belum tepat. " + ("✅ Boleh" if item.allowed else "⛔ Dilarang"))
        assert right.startswith("Tepat.")


def test_bans_of_several_circulars_are_left_to_those_who_ask() -> None:
    """A situation that two clauses forbid would not show which of them was misread."""
    both_ban = corpus(circular(rule("a")), circular(rule("z", circular="se-2"), name="se-2"))
    assert items(both_ban) == []


def test_a_circular_of_another_regency_asks_nothing_and_an_unknown_one_is_an_error() -> None:
    asker = Asker("lumajang", "pns", "dinas")
    assert items(real(), asker, "natuna/se-1177-2025") == []
    with pytest.raises(KeyError):
        items(real(), asker, "lumajang/tidak-ada")


def test_questions_are_about_rules_of_the_circular_that_was_sent() -> None:
    other: Circular = circular(rule("z", BAN, no("izin"), circular="se-2", activity="lain"), name="se-2")
    found = items(corpus(circular(*DUTY_ONLY), other))
    assert {item.rule.circular for item in found} == {NAME}
    assert all(isinstance(item.rule, RuleRef) for item in found)
    assert all(item.verdict.kind is not VerdictKind.NOT_COVERED for item in found)


def test_a_status_of_its_own_is_judged_by_its_own_rules() -> None:
    rules = (rule("a", BAN, one_of("status", "pns")), rule("b", MAY, one_of("status", "pppk")))
    found = corpus(circular(*rules))
    assert [item.allowed for item in items(found)] != []
    assert not any(item.allowed for item in items(found))
