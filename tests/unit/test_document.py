"""YAML as encoders write it: texts stay texts, every value has a line, broken files say where."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.document import Document, parse
from bot.policy.problems import PolicyError, Problem


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as error:
        parse(text, "berkas.yaml")
    return error.value.problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("ya", "ya"),
        ("tidak", "tidak"),
        ("07:30", "07:30"),
        ("1e3x", "1e3x"),
        ("2026-01-29", date(2026, 1, 29)),
        ("2026-02-30", "2026-02-30"),
        ("2026-01-29 10:15:00", "2026-01-29 10:15:00"),
        ("30", 30),
        ("null", None),
        ('"800.1.6.2/3"', "800.1.6.2/3"),
    ],
)
def test_a_value_is_what_its_encoder_meant(text: str, value: object) -> None:
    found = parse(f"kunci: {text}", "berkas.yaml").data["kunci"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_has_the_line_it_starts_on() -> None:
    document = parse("a:\n  - x: 1\n    y: 2\n\n  - z: [3,\n 4]\n", "berkas.yaml")
    lines = {
        path: document.line(path)
        for path in (("a",), ("a", 0), ("a", 0, "y"), ("a", 1, "z"), ("a", 1, "z", 1))
    }
    assert lines == {("a",): 1, ("a", 0): 2, ("a", 0, "y"): 3, ("a", 1, "z"): 5, ("a", 1, "z", 1): 6}


def test_what_is_missing_is_said_at_the_line_of_what_holds_it() -> None:
    document = parse("a:\n  b: 1\n", "berkas.yaml")
    assert document.line(("a", "c", "d")) == 1
    assert document.line(("entah",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\na: 2\n", 2, "policy.error.duplicate_key"),
        ("a:\n  x: 1\n  y: 2\n  x: 3\n", 4, "policy.error.duplicate_key"),
        ("a: [1, 2\nb: 3\n", 2, "policy.error.yaml_colon"),
        ("a: [1, 2\n- b\n", 2, "policy.error.yaml_bracket"),
        ("a: [1, 2]]\n", 1, "policy.error.yaml_bracket"),
        ("a: 1\n\tb: 2\n", 2, "policy.error.yaml_tab"),
        ("isi: Waktu: pagi\n", 1, "policy.error.yaml_colon"),
        ("isi: {id: Waktu: pagi}\n", 1, "policy.error.yaml_colon"),
        ("a: 'b\n", 2, "policy.error.yaml_quote"),
        ("a:\n  b: 1\n c: 2\n", 3, "policy.error.yaml_indent"),
        ("a: @b\n", 1, "policy.error.yaml_sign"),
        ("a: !!python/object:os.system x\n", 1, "policy.error.yaml_sign"),
        ("a: 1\n---\nb: 2\n", 2, "policy.error.yaml_two"),
        ("a: \x07\n", 0, "policy.error.yaml"),
        ("a: &x [1]\nb: *x\n", 1, "policy.error.alias"),
        ("a: &x\n  b: *x\n", 1, "policy.error.alias"),
        ("[" * 1500, 0, "policy.error.yaml"),
    ],
)
def test_a_broken_file_is_one_problem_with_its_line(text: str, line: int, key: str) -> None:
    (problem, *more) = problems(text)
    assert (problem.file, problem.key, more) == ("berkas.yaml", key, [])
    assert abs(problem.line - line) <= 1  # the parser may see it only when the next line begins


def test_every_duplicate_key_is_named_at_once() -> None:
    assert [p.line for p in problems("a: 1\na: 2\nb: {c: 1, c: 2}\n")] == [2, 3]


def test_an_empty_file_is_no_data() -> None:
    assert parse("# hanya komentar\n", "berkas.yaml").data is None


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_as_a_policy_error(text: str) -> None:
    with suppress(PolicyError):
        assert isinstance(parse(text, "berkas.yaml"), Document)
