"""What a verdict says while facts are unknown: headline, needs in order, conditions."""

from __future__ import annotations

from typing import Any

from bot.model import Literal, VerdictKind
from bot.policy.condition import Condition, Not, Some
from bot.policy.condition import Test as Range
from bot.policy.corpus import Rule
from bot.policy.decide import Engine
from bot.policy.finding import Finding
from tests.policy_worlds import (
    BAN,
    MAY,
    REGION,
    START,
    at_most,
    both,
    circular,
    corpus,
    more_than,
    no,
    one_of,
    rule,
    yes,
)


def found(*rules: Rule, **facts: Any) -> Finding:
    """What holds for a live stream by a PNS when only these facts are known."""
    engine = Engine(corpus(circular(*rules))).regency(REGION)
    known = {"status": "pns", **facts}
    cells = [v.cell(known[v.fact]) if v.fact in known else None for v in engine.law.variables]
    root = engine.law.space.restrict(engine.law.root(START, "live"), cells)
    return engine.reader.finding(root, engine.situations.presumed)


def ban(condition: Condition, name: str = "ban", **more: Any) -> Rule:
    return rule(name, BAN, condition, **more)


def test_an_unknown_fact_is_read_as_in_an_ordinary_private_act() -> None:
    finding = found(ban(yes("dinas")))
    assert (finding.kind, finding.certain, finding.needs) == (VerdictKind.NOT_PROHIBITED, False, ("dinas",))
    assert finding.conditions == (Literal("dinas", False),)


def test_an_unknown_fact_that_has_no_ordinary_value_is_read_as_the_worst() -> None:
    finding = found(ban(no("izin")))
    assert finding.kind is VerdictKind.PROHIBITED
    assert finding.conditions == (Literal("izin", True),)


def test_a_fact_that_changes_nothing_is_not_asked_for() -> None:
    finding = found(ban(yes("dinas")), ban(no("dinas"), "ban-lain"))
    assert (finding.kind, finding.certain, finding.needs) == (VerdictKind.PROHIBITED, True, ())
    assert finding.basis != finding.others
    assert {ref.rule for ref in finding.basis + finding.others} == {"ban", "ban-lain"}


def test_no_condition_helps_where_everything_is_prohibited() -> None:
    exception = rule("dinas", MAY, yes("dinas"), lifts=(ban(yes("izin")).ref,))
    finding = found(ban(yes("izin")), ban(Not(both()), "selalu-tidak"), ban(both(), "selalu"), exception)
    assert finding.conditions == ()
    assert finding.kind is VerdictKind.PROHIBITED


def test_the_way_out_of_a_ban_names_all_that_the_exception_asks_and_nothing_else() -> None:
    base = ban(yes("dalam_jam_kerja"))
    exception = rule("dinas", MAY, both(yes("dinas"), yes("resmi")), lifts=(base.ref,))
    finding = found(base, exception, dalam_jam_kerja=True)
    assert finding.kind is VerdictKind.PROHIBITED
    assert set(finding.conditions) == {Literal("dinas", True), Literal("resmi", True)}


def test_the_rules_behind_the_conditions_are_named() -> None:
    base = ban(yes("dalam_jam_kerja"))
    uniform = ban(yes("resmi"), "atribut")
    exception = rule("dinas", MAY, yes("dinas"), lifts=(base.ref,))
    rules = (base, uniform, exception)
    outside = found(*rules, dalam_jam_kerja=False)
    assert (outside.kind, outside.contrary) == (VerdictKind.NOT_PROHIBITED, (uniform.ref,))
    inside = found(*rules, dalam_jam_kerja=True)
    assert (inside.kind, inside.contrary) == (VerdictKind.PROHIBITED, (exception.ref,))
    assert found(*rules, dalam_jam_kerja=False, resmi=False).contrary == ()


def test_of_several_ways_out_the_one_with_the_fewest_changes_is_named() -> None:
    base = ban(both())
    easy = rule("mudah", MAY, yes("izin"), lifts=(base.ref,))
    hard = rule("sulit", MAY, both(yes("dinas"), yes("resmi")), lifts=(base.ref,))
    assert found(base, hard, easy).conditions == (Literal("izin", True),)


def test_a_way_out_that_nobody_can_choose_comes_last() -> None:
    base = ban(both())
    other_status = rule("pppk", MAY, one_of("status", "pppk"), lifts=(base.ref,))
    by_duty = rule("dinas", MAY, both(yes("dinas"), yes("resmi")), lifts=(base.ref,))
    engine = Engine(corpus(circular(base, other_status, by_duty))).regency(REGION)
    finding = engine.reader.finding(engine.law.root(START, "live"), engine.situations.presumed)
    assert {c.fact for c in finding.conditions if c.fact != "status"} == {"dinas", "resmi"}


def test_the_most_telling_fact_is_asked_for_first() -> None:
    base = ban(Some((both(yes("dinas"), yes("resmi")), yes("izin"))))
    assert found(base).needs[0] == "izin"


def test_a_condition_on_a_number_is_as_wide_as_it_can_be() -> None:
    """Three price classes, the two lower ones allowed: one condition, not the class that was assumed."""
    cheap = rule("murah", MAY, at_most("harga", 10))
    finding = found(cheap, ban(more_than("harga", 20)))
    assert finding.conditions == (Literal("harga", None, None, (20, 1)),)


def test_a_condition_between_two_bounds_keeps_both() -> None:
    finding = found(ban(Not(Range("harga", None, (10, 0), (20, 1)))))
    assert finding.conditions == (Literal("harga", None, (10, 0), (20, 1)),)


def test_two_widened_conditions_still_hold_together() -> None:
    """Each by itself could be wider; both at once could not."""
    both_high = both(more_than("harga", 10), Range("terima", None, (5, 1), None, "hari_kerja"))
    finding = found(ban(both_high))
    assert len(finding.conditions) == 1


def test_a_person_whose_status_is_unknown_is_told_that_it_matters() -> None:
    engine = Engine(corpus(circular(ban(both())))).regency(REGION)
    finding = engine.reader.finding(engine.law.root(START, "live"), engine.situations.presumed)
    assert (finding.kind, finding.needs) == (VerdictKind.PROHIBITED, ("status",))
