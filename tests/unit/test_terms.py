"""`bila`: what may be written, what it means, and what is refused with which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.model import FactValue
from bot.policy.condition import Condition
from bot.policy.document import parse
from bot.policy.problems import Problem
from bot.policy.terms import TermReader, descendants
from bot.vocabulary import Named
from tests.policy_worlds import vocabulary
from tests.reference import holds

DAY = date(2026, 3, 3)


def read(text: str) -> tuple[Condition, list[Problem]]:
    document = parse(f"bila: {text}", "edaran.yaml")
    found: list[Problem] = []
    return TermReader(document, vocabulary(), found).condition(document.data["bila"], ("bila",)), found


def fulfilled(text: str, facts: Mapping[str, FactValue], measure: str = "nilai") -> bool:
    condition, found = read(text)
    assert found == []
    return holds(condition, {(fact, measure): value for fact, value in facts.items()})


# --- what it means ---


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("{}", {}, True),
        ("{dinas: ya}", {"dinas": True}, True),
        ("{dinas: tidak}", {"dinas": True}, False),
        ("{dinas: ya, resmi: ya}", {"dinas": True, "resmi": False}, False),
        ("{semua: [{dinas: ya}, {resmi: ya}]}", {"dinas": True, "resmi": True}, True),
        ("{salah_satu: [{dinas: ya}, {resmi: ya}]}", {"dinas": False, "resmi": True}, True),
        ("{salah_satu: [{dinas: ya}, {resmi: ya}]}", {"dinas": False, "resmi": False}, False),
        ("{bukan: {dinas: ya, resmi: ya}}", {"dinas": True, "resmi": False}, True),
        ("{jenis: [a, b]}", {"jenis": "b"}, True),
        ("{jenis: {selain: a}}", {"jenis": "b"}, True),
        ("{jenis: {selain: [a, b]}}", {"jenis": "b"}, False),
    ],
)
def test_a_condition_holds_as_it_reads(text: str, facts: dict[str, FactValue], expected: bool) -> None:
    assert fulfilled(text, facts) is expected


@pytest.mark.parametrize(
    ("comparison", "holding"),
    [
        ("10", [10]),
        ("[10, 12]", [10, 12]),
        ("{paling_sedikit: 10}", [10, 11, 12]),
        ("{lebih_dari: 10}", [11, 12]),
        ("{paling_banyak: 10}", [9, 10]),
        ("{kurang_dari: 10}", [9]),
        ("{lebih_dari: 9, kurang_dari: 12}", [10, 11]),
        ("{selain: 10}", [9, 11, 12]),
    ],
)
def test_a_number_is_compared_on_both_sides_of_its_bound(comparison: str, holding: list[int]) -> None:
    text = f"{{harga: {comparison}}}"
    assert [n for n in (9, 10, 11, 12) if fulfilled(text, {"harga": n})] == holding


@pytest.mark.parametrize(
    ("comparison", "holding"),
    [
        ("2026-03-03", [0]),
        ("{sejak: 2026-03-03}", [0, 1]),
        ("{sampai: 2026-03-03}", [-1]),
        ("{paling_lambat: 2026-03-03}", [-1, 0]),
        ("{sejak: 2026-03-03, sampai: 2026-03-04}", [0]),
    ],
)
def test_a_date_counts_from_its_start_and_ends_before_its_end(comparison: str, holding: list[int]) -> None:
    text = f"{{terima: {comparison}}}"
    assert [n for n in (-1, 0, 1) if fulfilled(text, {"terima": DAY + timedelta(days=n)})] == holding


@pytest.mark.parametrize(
    ("comparison", "holding"),
    [
        ("{paling_banyak: 30}", [29, 30]),
        ("{kurang_dari: 30}", [29]),
        ("{lebih_dari: 30}", [31]),
        ("{paling_sedikit: 30}", [30, 31]),
    ],
)
def test_working_days_since_a_date_are_compared_as_numbers(comparison: str, holding: list[int]) -> None:
    text = f"{{terima: {{hari_kerja: {comparison}}}}}"
    assert [n for n in (29, 30, 31) if fulfilled(text, {"terima": n}, "hari_kerja")] == holding


@pytest.mark.parametrize(
    ("comparison", "holding"),
    [
        ('["07:00", "09:00"]', ["07:00", "08:59"]),
        ('["07.00", "09.00"]', ["07:00", "08:59"]),
        ('["22:00", "05:00"]', ["00:00", "04:59", "22:00", "23:59"]),
        ('["22:00", "24:00"]', ["22:00", "23:59"]),
        ('["22:00", "00:00"]', ["22:00", "23:59"]),
        ('["00:00", "05:00"]', ["00:00", "04:59"]),
        ('{sejak: "22:00"}', ["22:00", "23:59"]),
        ('{sampai: "05:00"}', ["00:00", "04:59"]),
        ('{paling_lambat: "05:00"}', ["00:00", "04:59", "05:00"]),
        ('{sejak: "08:59", paling_lambat: "23:59"}', ["08:59", "09:00", "22:00", "23:59"]),
        ('{sejak: "22:00", paling_lambat: "05:00"}', ["00:00", "04:59", "05:00", "22:00", "23:59"]),
        ('{sejak: "22:00", sampai: "05:00"}', ["00:00", "04:59", "22:00", "23:59"]),
        ('[["00:00", "05:00"], ["07:00", "09:00"]]', ["00:00", "04:59", "07:00", "08:59"]),
        ('{selain: ["05:00", "22:00"]}', ["00:00", "04:59", "22:00", "23:59"]),
        ('["00:00", "24:00"]', ["00:00", "04:59", "05:00", "07:00", "08:59", "09:00", "22:00", "23:59"]),
    ],
)
def test_a_window_of_the_day_begins_with_its_start_and_may_go_over_midnight(
    comparison: str, holding: list[str]
) -> None:
    times = ["00:00", "04:59", "05:00", "07:00", "08:59", "09:00", "22:00", "23:59"]
    minutes = {time: int(time[:2]) * 60 + int(time[3:]) for time in times}
    assert [t for t in times if fulfilled(f"{{pukul: {comparison}}}", {"pukul": minutes[t]})] == holding


@pytest.mark.parametrize(("bound", "holding"), [("paling_banyak", [6, 7]), ("lebih_dari", [8])])
def test_calendar_days_since_a_date_are_compared_as_numbers(bound: str, holding: list[int]) -> None:
    text = f"{{terima: {{hari_kalender: {{{bound}: 7}}}}}}"
    assert [n for n in (6, 7, 8) if fulfilled(text, {"terima": n}, "hari_kalender")] == holding


def test_two_ways_to_write_one_bound_are_one_condition() -> None:
    days = "{{terima: {{hari_kerja: {{{}}}}}}}"
    assert read(days.format("lebih_dari: 30")) == read(days.format("paling_sedikit: 31"))
    assert read(days.format("kurang_dari: 31")) == read(days.format("paling_banyak: 30"))


# --- what is refused ---


@pytest.mark.parametrize(
    ("text", "key", "params"),
    [
        ("{dina: ya}", "unknown_fact", {"name": "dina", "suggestion": "dinas"}),
        ("{semuaa: []}", "unknown_fact", {"suggestion": "semua"}),
        ("{dinas: mungkin}", "unknown_value", {"name": "dinas", "value": "mungkin"}),
        ("{dinas: 1}", "unknown_value", {"value": 1}),
        ("{dinas: [[ya]]}", "unknown_value", {"value": ["ya"]}),
        ("{jenis: d}", "unknown_value", {"value": "d"}),
        ("{jenis: {lebih_dari: a}}", "comparison", {"known": "selain"}),
        ("{jenis: []}", "condition_list", {"name": "jenis"}),
        ("{semua: []}", "condition_list", {"name": "semua"}),
        ("{semua: {dinas: ya}}", "condition_list", {"name": "semua"}),
        ("{bukan: {}}", "condition_shape", {}),
        ("{semua: [dinas]}", "condition_shape", {"value": "dinas"}),
        ("{harga: sepuluh}", "bound_number", {"value": "sepuluh"}),
        ("{harga: ya}", "bound_number", {"value": "ya"}),
        ("{harga: {}}", "comparison", {}),
        ("{harga: {sampai: 10}}", "comparison", {"name": "harga"}),
        ("{harga: {lebih_dari: 1, paling_sedikit: 2}}", "comparison", {}),
        (
            "{terima: {lebih_dari: 2026-03-03}}",
            "comparison",
            {"known": "sejak, sampai, paling_lambat, hari_kalender, hari_kerja"},
        ),
        ("{terima: 2026-02-30}", "bound_date", {"value": "2026-02-30"}),
        ("{terima: {sejak: 5}}", "bound_date", {"value": 5}),
        ("{terima: {hari_kerja: 30}}", "comparison", {}),
        ("{terima: {hari_kerja: {paling_banyak: 2.5}}}", "bound_whole_number", {"value": 2.5}),
        ("{terima: {hari_kerja: {paling_banyak: -1}}}", "bound_whole_number", {"value": -1}),
        ("{terima: {hari_kerja: {paling_banyak: 1}, sejak: 2026-01-01}}", "comparison", {}),
        ("{terima: {hari_kerja: {paling_banyak: 1}, hari_kalender: {lebih_dari: 1}}}", "comparison", {}),
        ("{terima: {hari_kalender: {paling_banyak: 1.5}}}", "bound_whole_number", {"value": 1.5}),
        ('{pukul: "22:00"}', "clock_window", {"name": "pukul", "value": "22:00"}),
        ("{pukul: 22}", "clock_window", {"value": 22}),
        ("{pukul: []}", "clock_window", {}),
        ("{pukul: {}}", "clock_window", {}),
        ('{pukul: ["22:00"]}', "clock_window", {}),
        ('{pukul: ["22:00", "25:00"]}', "clock_window", {}),
        ('{pukul: ["22:00", "22:00"]}', "clock_window", {}),
        ("{pukul: [07.30, 16.00]}", "clock_window", {}),
        ('{pukul: {lebih_dari: "22:00"}}', "clock_window", {}),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(text: str, key: str, params: Mapping[str, Any]) -> None:
    _, (problem, *more) = read(text)
    assert (problem.file, problem.line, problem.key, more) == ("edaran.yaml", 1, f"policy.error.{key}", [])
    assert {name: problem.params[name] for name in params} == params


def test_every_wrong_part_is_named() -> None:
    _, found = read("{salah_satu: [{dina: ya}, {resmi: y}]}")
    assert [problem.key for problem in found] == ["policy.error.unknown_fact", "policy.error.unknown_value"]


# --- classes within classes ---


@pytest.mark.parametrize(
    ("text", "holding"), [("opd", ["opd", "upt"]), ("upt", ["upt"]), ("{selain: opd}", [])]
)
def test_a_rule_on_a_class_speaks_of_the_classes_inside_it(text: str, holding: list[str]) -> None:
    flat = vocabulary()
    nested = replace(flat, units={**flat.units, "upt": replace(flat.units["upt"], parent="opd")})
    document = parse(f"bila: {{unit: {text}}}", "edaran.yaml")
    condition = TermReader(document, nested, []).condition(document.data["bila"], ("bila",))
    assert [unit for unit in nested.units if holds(condition, {("unit", "nilai"): unit})] == holding


def _tree(**parents: str | None) -> dict[str, Named]:
    return {name: Named(name, {"id": name}, (), parent) for name, parent in parents.items()}


def test_the_classes_below_a_class_are_all_of_them_nearest_first() -> None:
    tree = _tree(opd=None, upt="opd", rsud="opd", puskesmas="upt")
    assert descendants(tree, "opd") == ("upt", "rsud", "puskesmas")
    assert descendants(tree, "rsud") == ()


def test_a_circle_of_classes_ends() -> None:
    assert descendants(_tree(a="b", b="a"), "a") == ("b",)
