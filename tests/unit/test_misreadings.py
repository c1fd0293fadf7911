"""Which clauses are misread: shown to HR, rounded, and not before enough people have answered."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.misreadings import Misread, lines, misread
from bot.people.counting import LEAST
from tests.fakes import CATALOGUES

WORDING = json.dumps(
    {"rules": {"a": ["2", "dilarang live", None, None], "b": [None, "x" * 200, None, None]}, "sanctions": []}
)
TEXTS = CATALOGUES["id"]


def test_the_worst_comes_first_with_its_clause_and_its_words() -> None:
    found = misread([("b", 6, 1), ("a", 4, 8)], WORDING)
    assert found == (Misread("a", "2", "dilarang live", 10, 70), Misread("b", None, "x" * 200, 5, 10))
    head, first, second = lines(found, TEXTS)
    assert head == "Cek pemahaman, yang paling sering keliru dulu:"
    assert first == "• Butir 2 “dilarang live”: sekitar 70% keliru (10+ jawaban)"
    assert len(second) < 130


def test_too_few_answers_are_shown_to_nobody() -> None:
    assert misread([("a", LEAST - 1, 0), ("b", 0, 1)], WORDING) == ()
    [line] = lines((), TEXTS)
    assert str(LEAST) in line


@pytest.mark.parametrize("wording", [None, WORDING])
def test_a_rule_that_is_not_known_has_its_own_name(wording: str | None) -> None:
    assert misread([("c", 5, 0)], wording) == (Misread("c", None, "c", 5, 0),)


@given(st.integers(0, 500), st.integers(0, 500))
def test_figures_are_rounded_and_never_above_what_there_is(right: int, wrong: int) -> None:
    for one in misread([("a", right, wrong)], None):
        assert one.answers % LEAST == 0
        assert LEAST <= one.answers <= right + wrong < one.answers + LEAST
        assert abs(one.wrong - 100 * wrong / (right + wrong)) <= 5
        assert one.wrong in range(0, 101, 10)
