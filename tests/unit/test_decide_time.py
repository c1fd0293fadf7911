"""Verdicts as time goes by: the engine's change points against a look at every half hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.model import ALLOWED, Absence, Asker, FactValue, Grain, Intent, Question, Unknown, Verdict, When
from bot.policy.condition import Condition
from bot.policy.condition import Test as Range
from bot.policy.corpus import Corpus, Rule
from bot.policy.decide import Engine
from bot.worktime import BreakRule, in_working_hours, state_at, working_days_between
from tests.policy_worlds import (
    BAN,
    HOLIDAY,
    MAY,
    MONDAY,
    REGION,
    START,
    ZONE,
    at,
    both,
    by_clock,
    calendar,
    circular,
    coin,
    corpora,
    corpus,
    no,
    one_of,
    rule,
    yes,
)
from tests.reference import BADNESS, Axis, Partial, Reference

STEP = timedelta(minutes=30)
STEPS_A_DAY = 48
DAYS_LOOKED_AT = 4

timely = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

moments = st.builds(
    lambda day, step: datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(days=day) + step * STEP,
    st.integers(55, 70),
    st.integers(0, STEPS_A_DAY - 1),
)
days_away = st.lists(
    st.builds(
        lambda day, length: Absence(
            "cuti", START + timedelta(days=day), START + timedelta(days=day + length)
        ),
        st.integers(55, 70),
        st.integers(0, 3),
    ),
    max_size=2,
).map(tuple)
askers = st.builds(
    Asker,
    st.just(REGION),
    st.sampled_from((None, "pns", "pppk", "desa")),
    st.just(None),
    st.sampled_from((None, "kantor", "shift")),
    st.just(()) | days_away,
)
known_facts: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda said, received: {**said, **received},
    st.dictionaries(st.sampled_from(("dinas", "resmi", "izin")), st.booleans()),
    st.fixed_dictionaries(
        {}, optional={"terima": st.integers(50, 70).map(lambda day: START + timedelta(days=day))}
    ),
)


def ask(start: datetime, end: datetime | None = None, facts: dict[str, Any] | None = None) -> Question:
    grain = Grain.INSTANT if end is None else Grain.INTERVAL
    return Question(Intent.MAY_I, "live", When(start, end, grain), facts or {})


def office_hours_law(break_rule: BreakRule = BreakRule.OUTSIDE) -> Corpus:
    """No live in working hours but on duty with the official account; outside them none in uniform."""
    return corpus(
        circular(
            rule("jam-kerja", BAN, yes("dalam_jam_kerja")),
            rule("dinas", MAY, both(yes("dinas"), yes("resmi")), lifts=(rule("jam-kerja").ref,)),
            rule("izin", BAN, both(no("dalam_jam_kerja"), yes("izin"))),
        ),
        calendar=calendar(break_rule),
    )


@st.composite
def timed_corpora(draw: st.DrawFn) -> Corpus:
    """Random law in which weekday, holidays and dates count too."""
    if coin(draw):
        return draw(corpora())
    clock: list[Condition] = [
        yes("dalam_jam_kerja"),
        no("dalam_jam_kerja"),
        one_of("hari", "jumat"),
        one_of("hari", "sabtu", "minggu"),
        yes("hari_libur"),
        by_clock("07:00", "09:00"),
        by_clock("22:00", "05:00"),
        both(by_clock("11:30", "13:30"), no("dalam_jam_kerja")),
        Range("terima", None, None, (3, 1), "hari_kalender"),
        Range("terima", None, None, (3, 1), "hari_kerja"),
    ]
    found: list[Rule] = []
    for index in range(draw(st.integers(1, 3))):
        extra = draw(st.lists(st.sampled_from((yes("dinas"), no("izin"))), max_size=2))
        condition = both(draw(st.sampled_from(clock)), *extra)
        modality = draw(st.sampled_from((BAN, MAY)))
        lifts = (found[0].ref,) if found and coin(draw) else ()
        found.append(rule(f"r{index}", modality, condition, lifts=lifts))
    break_rule, leave_rule = (draw(st.sampled_from(list(BreakRule))) for _ in range(2))
    return corpus(circular(*found), calendar=calendar(break_rule, leave_rule))


def plain_verdict(corpus: Corpus, question: Question, asker: Asker, instant: datetime) -> Partial:
    """The verdict at one instant by the plain evaluator, told what the calendar says."""
    plain = Reference(corpus, REGION)
    clock, facts = corpus.regencies[REGION].calendar, corpus.vocabulary.facts
    stretch = state_at(clock, asker.pattern, instant)
    usual = in_working_hours(clock, stretch)
    derived: dict[str, FactValue | Unknown] = {
        "dalam_jam_kerja": on_leave(usual, clock.leave_rule) if is_away(asker, instant) else usual,
        "hari": ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")[instant.weekday()],
        "hari_libur": instant.date() == HOLIDAY,
        "pukul": instant.hour * 60 + instant.minute,
    }
    said: dict[str, Any] = {**question.facts, **({"status": asker.status} if asker.status else {})}
    known: dict[Axis, FactValue] = {
        axis: value
        for axis in plain.axes
        if axis[1] == "nilai"
        and not isinstance(value := derived.get(axis[0], said.get(axis[0])), Unknown | None)
    }
    if "terima" in said:
        known |= {axis: days_since(axis[1], said["terima"], instant.date()) for axis in deadlines(plain)}
    presumed: dict[Axis, FactValue] = {
        axis: value
        for axis in plain.axes
        if axis[1] == "nilai" and (value := facts[axis[0]].presumption) is not None
    }
    clocked = ("dalam_jam_kerja", "nilai")
    presumed_outside = (Unknown.BREAK_UNREGULATED, Unknown.LEAVE_UNREGULATED)
    if clocked in plain.axes and derived["dalam_jam_kerja"] in presumed_outside:
        presumed[clocked] = False
    return plain.partial(instant.date(), "live", known, presumed)


def deadlines(plain: Reference) -> list[Axis]:
    return [axis for axis in plain.axes if axis[1] != "nilai"]


def days_since(measure: str, received: date, day: date) -> int:
    """The days after that of receipt, up to and including `day`: all, or the working days among them."""
    after = [received + timedelta(days=step + 1) for step in range(max((day - received).days, 0))]
    works = [d for d in after if d.weekday() < 5 and d != HOLIDAY]
    return len(after) if measure == "hari_kalender" else len(works)


def is_away(asker: Asker, instant: datetime) -> bool:
    return any(a.start <= instant.date() and (not a.end or instant.date() < a.end) for a in asker.absences)


def on_leave(usual: bool | Unknown, rule: BreakRule) -> bool | Unknown:
    """Time off stays time off; the rest is what the regency says of leave."""
    if rule is BreakRule.INSIDE or usual is False:
        return usual
    return Unknown.LEAVE_UNREGULATED if rule is BreakRule.UNREGULATED else False


@given(timed_corpora(), moments, askers, known_facts)
@timely
def test_at_an_instant_the_engine_says_what_the_definitions_say(
    law: Corpus, instant: datetime, asker: Asker, facts: dict[str, Any]
) -> None:
    question = ask(instant, facts=facts)
    verdict = Engine(law).decide(question, asker, instant)
    plain = plain_verdict(law, question, asker, instant)
    got = (verdict.kind, verdict.certain, frozenset(verdict.needs))
    assert got == (plain.kind, plain.certain, plain.needs)
    assert frozenset(verdict.basis) in {answer.basis for answer in plain.headlines}


def said(verdict: Verdict) -> tuple[object, ...]:
    """What an answer says but for the time it holds."""
    rules = (verdict.basis, verdict.others, verdict.contrary, verdict.overridden, verdict.duties)
    return (verdict.kind, verdict.needs, verdict.conditions, rules)


@given(timed_corpora(), moments, askers, known_facts)
@timely
def test_an_answer_holds_until_valid_until_and_changes_there(
    law: Corpus, instant: datetime, asker: Asker, facts: dict[str, Any]
) -> None:
    engine = Engine(law)
    first = engine.decide(ask(instant, facts=facts), asker, instant)
    last = first.valid_until or instant + timedelta(days=DAYS_LOOKED_AT)
    moment = instant
    while moment < min(last, instant + timedelta(days=DAYS_LOOKED_AT)):
        assert said(engine.decide(ask(moment, facts=facts), asker, moment)) == said(first)
        moment += STEP
    if first.valid_until is not None:
        changed = engine.decide(ask(first.valid_until, facts=facts), asker, first.valid_until)
        assert said(changed) != said(first)


@given(timed_corpora(), moments, askers, known_facts)
@timely
def test_the_next_window_is_the_first_half_hour_that_is_allowed(
    law: Corpus, instant: datetime, asker: Asker, facts: dict[str, Any]
) -> None:
    engine = Engine(law)
    window = engine.regency(REGION).next_permitted(instant, ask(instant, facts=facts), asker)
    steps = [instant + index * STEP for index in range(DAYS_LOOKED_AT * STEPS_A_DAY)]
    verdicts = {moment: engine.decide(ask(moment, facts=facts), asker, moment) for moment in steps}
    allowed = [moment for moment, verdict in verdicts.items() if verdict.kind in ALLOWED]
    possible = [moment for moment, v in verdicts.items() if v.kind in ALLOWED or v.conditions]
    if window is None:
        assert not possible
        return
    unconditional = bool(allowed) or verdict_at(engine, window.start, asker, facts).kind in ALLOWED
    first = (allowed if unconditional else possible)[:1]
    assert first in ([window.start], []), "an earlier half hour would do"
    for moment in steps:
        if window.start <= moment and (window.end is None or moment < window.end):
            assert verdicts[moment].conditions == window.conditions
            assert (verdicts[moment].kind in ALLOWED) is unconditional
    if window.end is not None:
        after = verdict_at(engine, window.end, asker, facts)
        assert (after.kind in ALLOWED, after.conditions) != (unconditional, window.conditions)


def verdict_at(engine: Engine, moment: datetime, asker: Asker, facts: dict[str, Any]) -> Verdict:
    return engine.decide(ask(moment, facts=facts), asker, moment)


@given(timed_corpora(), moments, st.integers(1, 150), askers, known_facts)
@timely
def test_an_interval_is_as_bad_as_its_worst_part(
    law: Corpus, start: datetime, steps: int, asker: Asker, facts: dict[str, Any]
) -> None:
    engine, end = Engine(law), start + steps * STEP
    whole = engine.decide(ask(start, end, facts), asker, start)
    kinds = {
        start + index * STEP: verdict_at(engine, start + index * STEP, asker, facts).kind
        for index in range(steps)
    }
    assert whole.kind is max(kinds.values(), key=BADNESS.index)
    assert whole.segments[0].start == start
    assert whole.segments[-1].end == end
    for earlier, later in zip(whole.segments, whole.segments[1:], strict=False):
        assert earlier.end == later.start
        assert earlier.kind is not later.kind
    for segment in whole.segments:
        inside = {kind for moment, kind in kinds.items() if segment.start <= moment < segment.end}
        assert inside == {segment.kind}


@given(timed_corpora(), moments, st.integers(1, 150), askers, known_facts)
@timely
def test_an_interval_needs_what_any_part_of_it_needs_unless_another_part_settles_it(
    law: Corpus, start: datetime, steps: int, asker: Asker, facts: dict[str, Any]
) -> None:
    engine, end = Engine(law), start + steps * STEP
    whole = engine.decide(ask(start, end, facts), asker, start)
    parts = [verdict_at(engine, start + index * STEP, asker, facts) for index in range(steps)]
    assert set(whole.needs) <= {need for part in parts for need in part.needs}
    assume(not whole.certain)
    assert whole.needs


def test_working_days_since_a_date_are_counted_after_the_day_of_receipt() -> None:
    clock = calendar()
    received = MONDAY - timedelta(days=2)  # a Saturday
    late = rule("lambat", BAN, one_of("dinas", True))
    assert working_days_between(clock, None, received + timedelta(days=1), MONDAY + timedelta(days=1)) == 1
    law = corpus(circular(late, rule("tenggat", BAN, _after_working_days(2))))
    engine = Engine(law)
    facts = {"terima": received, "dinas": False}
    asker = Asker(REGION, "pns")
    second, third = at(MONDAY + timedelta(days=1), "23:59"), at(MONDAY + timedelta(days=3), "00:00")
    assert engine.decide(ask(second, facts=facts), asker, second).kind.value == "not_prohibited"
    assert engine.decide(ask(third, facts=facts), asker, third).kind.value == "prohibited"


def _after_working_days(count: int) -> Condition:
    return Range("terima", None, (count, 1), None, "hari_kerja")


def test_the_law_before_it_begins_is_not_in_force_and_its_start_is_a_change() -> None:
    engine = Engine(office_hours_law())
    eve = at(START - timedelta(days=1), "23:00")
    verdict = engine.decide(ask(eve), Asker(REGION, "pns"), eve)
    assert (verdict.kind.value, verdict.certain, verdict.needs) == ("not_in_force", True, ())
    assert verdict.valid_until == at(START, "00:00")
    assert verdict.next_permitted is None
