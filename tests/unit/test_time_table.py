"""Every labelled expression means what the table says, and the table covers what it must."""

from __future__ import annotations

import pytest

from bot.understanding.time_reading import when_of
from tests.unit.time_table import Row, normaliser, rows, time_words

ROWS = tuple(rows())


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.now:%d%b} {row.text}" for row in ROWS])
def test_an_expression_means_what_the_table_says(row: Row) -> None:
    when, readings = when_of(normaliser().tokens(row.text), row.now, time_words())
    assert when == row.when
    if row.rivals:
        assert {reading.when for reading in readings} == set(row.rivals)


@pytest.mark.parametrize("row", [row for row in ROWS if row.when or row.rivals], ids=lambda row: row.text)
def test_typing_style_does_not_change_the_meaning(row: Row) -> None:
    shouted = f"  {row.text.upper()}!!! "
    assert when_of(normaliser().tokens(shouted), row.now, time_words())[0] == row.when


def test_the_table_has_both_times_and_what_only_looks_like_one() -> None:
    assert sum(row.when is not None for row in ROWS) >= 250
    assert sum(bool(row.rivals) for row in ROWS) >= 15
    assert sum(row.when is None and not row.rivals for row in ROWS) >= 30
