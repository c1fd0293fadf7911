"""waktu.yaml: its words can be matched, and its mistakes are named."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.understanding.time_senses import NOTHING
from bot.understanding.time_words import TimeWords, hours
from tests.unit.time_table import language, normaliser, time_words


def phrases() -> list[str]:
    entries = time_words().phrases.items()
    alone = [first for first, entry in entries if entry.alone is not None]
    longer = [
        " ".join((first, second, *rest))
        for first, entry in entries
        for second, rests in entry.longer.items()
        for rest, _ in rests
    ]
    return alone + longer


@pytest.mark.parametrize("phrase", phrases())
def test_every_time_phrase_is_written_in_canonical_words(phrase: str) -> None:
    assert " ".join(token.norm for token in normaliser().tokens(phrase)) == phrase


def test_a_phrase_that_only_contains_time_words_means_nothing() -> None:
    (_, sense), *_ = time_words().phrases["jam"].longer["tangan"]
    assert sense is NOTHING


def test_a_part_of_the_day_needs_twelve_figures() -> None:
    data = language("waktu")
    data["bagian_hari"][1]["jam"].pop()
    with pytest.raises(ValueError, match=r"dini_hari: jam needs 12 entries, has 11"):
        TimeWords(data)


def test_the_parts_of_the_day_fill_it_without_a_gap() -> None:
    parts = [time_words().parts[name] for name in ("dini_hari", "pagi", "siang", "sore", "malam")]
    assert parts[0].start == hours("00:00")
    assert parts[-1].end == hours("24:00")
    assert all(one.end == other.start for one, other in pairwise(parts))
