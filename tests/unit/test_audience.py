"""Who is addressed: the expression, its errors, and whom it matches."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.audience import (
    Addressee,
    AnyOf,
    Both,
    Either,
    Everyone,
    Expression,
    Not,
    bind,
    parse,
)
from bot.problems import Problem

UNITS = {"Dinas Pendidikan": 1, "SDN 1": 2, "rsud": 3}


def resolve(field: str, value: str) -> object:
    if field == "unit":
        if value not in UNITS:
            raise Problem("audience.unit", value=value)
        return UNITS[value]
    return value


def person(**entries: object) -> Addressee:
    values: dict[str, object] = {
        "number": "1",
        "status": "pns",
        "pattern": None,
        "units": frozenset({0}),
        "kinds": frozenset[str](),
        "roles": frozenset[str](),
    }
    return Addressee(**(values | entries))  # type: ignore[arg-type]


def matches(text: str, **entries: object) -> bool:
    return bind(parse(text), resolve)(person(**entries))


def test_everyone_is_everyone() -> None:
    assert parse("semua") == Everyone()
    assert matches("semua")


def test_a_unit_means_all_that_is_below_it() -> None:
    assert matches('unit = "Dinas Pendidikan"', units=frozenset({0, 1, 2}))
    assert not matches('unit = "SDN 1"', units=frozenset({0, 1}))


def test_values_joined_by_commas_are_alternatives() -> None:
    assert matches("status = pns, pppk", status="pppk")
    assert not matches("status = pns, pppk", status="non_asn")


def test_and_binds_closer_than_or() -> None:
    found = parse("status = pns atau status = pppk dan pola = shift")
    assert found == Either(
        (AnyOf("status", ("pns",)), Both((AnyOf("status", ("pppk",)), AnyOf("pola", ("shift",)))))
    )


def test_brackets_and_not() -> None:
    text = "(kelas = rsud atau kelas = puskesmas) dan bukan pola = shift"
    assert matches(text, kinds=frozenset({"puskesmas"}))
    assert not matches(text, kinds=frozenset({"puskesmas"}), pattern="shift")
    assert not matches(text)


def test_people_and_roles_can_be_named() -> None:
    assert matches("orang = 1, 2")
    assert matches("peran = kepala_unit", roles=frozenset({"kepala_unit"}))
    assert not matches("peran = kepala_unit")


def test_capitals_and_line_breaks_do_not_matter() -> None:
    assert parse("STATUS=pns\n DAN  Pola = shift") == parse("status = pns dan pola = shift")


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("", "audience.ends", 1),
        ("status", "audience.ends", 7),
        ("status = ", "audience.ends", 9),
        ("status = pns pppk", "audience.unexpected", 14),
        ("(status = pns", "audience.ends", 14),
        ("gaji = besar", "audience.unexpected", 1),
        ("status = pns dan", "audience.ends", 17),
        ('unit = "Dinas', "audience.quote", 7),
        ('unit = ""', "audience.unexpected", 9),
    ],
)
def test_a_wrong_expression_names_the_place(text: str, key: str, place: int) -> None:
    with pytest.raises(Problem) as raised:
        parse(text)
    assert (raised.value.key, raised.value.values["place"]) == (key, place)


def test_a_wrong_name_is_said_before_anybody_is_counted() -> None:
    with pytest.raises(Problem):
        bind(parse('status = pns atau unit = "Dinas Khayalan"'), resolve)


@pytest.mark.parametrize("text", ["(" * 60 + "semua" + ")" * 60, "bukan " * 60 + "semua"])
def test_an_expression_cannot_be_nested_without_end(text: str) -> None:
    with pytest.raises(Problem, match="deep"):
        parse(text)


@given(st.text(alphabet="()=,\" 'abc\n", max_size=60) | st.text(max_size=40))
def test_whatever_is_typed_is_an_expression_or_a_problem(text: str) -> None:
    with suppress(Problem):
        parse(text)


words = st.text(alphabet="abcdefg", min_size=1, max_size=5)
tests = st.builds(
    AnyOf, st.sampled_from(["status", "pola", "orang"]), st.lists(words, min_size=1, max_size=3).map(tuple)
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    tests | st.just(Everyone()),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Both, st.tuples(inner, inner))
        | st.builds(Either, st.tuples(inner, inner))
    ),
    max_leaves=6,
)


def written(expression: Expression) -> str:
    match expression:
        case Everyone():
            return "semua"
        case AnyOf(field, values):
            return f"{field} = " + ", ".join(f'"{value}"' for value in values)
        case Not(part):
            return f"bukan ({written(part)})"
        case Both(parts):
            return " dan ".join(f"({written(part)})" for part in parts)
        case Either(parts):
            return " atau ".join(f"({written(part)})" for part in parts)


def plain(expression: Expression, who: Addressee) -> bool:
    """The definition, written straight."""
    match expression:
        case Everyone():
            return True
        case AnyOf(field, values):
            return {"status": who.status, "pola": who.pattern, "orang": who.number}[field] in values
        case Not(part):
            return not plain(part, who)
        case Both(parts):
            return all(plain(part, who) for part in parts)
        case Either(parts):
            return any(plain(part, who) for part in parts)


@given(expressions, words, words, words)
def test_an_expression_means_what_its_parts_mean(
    expression: Expression, number: str, status: str, pattern: str
) -> None:
    who = person(number=number, status=status, pattern=pattern)
    assert bind(parse(written(expression)), resolve)(who) == plain(expression, who)
