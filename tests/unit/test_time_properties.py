"""What holds of every message and every moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Grain, TimeReading
from bot.understanding.time_reading import asked, read_times, time_spans, times_and_spans, when_of
from tests.unit.time_table import normaliser, time_words

VOCABULARY = """
    jam pukul 8 4 12 08.00 15.30 pagi siang sore malam besok lusa kemarin sekarang hari ini depan lalu lagi
    yang Senin Jumat Minggu minggu bulan tanggal 17 31 Agustus Februari 1/12 31/2 sampai dari antara dan
    setengah lewat kurang seperempat menit sejam nanti tadi sebelum setelah pas istirahat pulang kerja di
    luar ramadan natal akhir awal tahun baru eh bukan kalau atau , . ? boleh live min selama dalam WITA h-1
"""
MESSAGES = st.lists(st.sampled_from(VOCABULARY.split()), max_size=12).map(" ".join) | st.text(max_size=60)
ZONE = ZoneInfo("Asia/Jakarta")
MOMENTS = st.integers(0, 8_000_000).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes)
)
RELATIVE = (
    "besok jam 8 pagi",
    "lusa",
    "nanti sore",
    "hari Jumat",
    "Senin depan",
    "minggu depan",
    "malam Minggu",
    "2 jam lagi",
    "jam 8 sampai jam 10 pagi",
    "jam 4",
    "besok pas istirahat",
    "akhir pekan",
    "3 hari lagi",
    "kemarin sore",
)


def times(text: str, now: datetime) -> tuple[tuple[TimeReading, ...], ...]:
    return read_times(normaliser().tokens(text), now, time_words())


@given(MESSAGES, MOMENTS)
def test_readings_lie_within_the_message_and_run_forward(text: str, now: datetime) -> None:
    for group in times(text, now):
        assert group
        for reading in group:
            assert 0 <= reading.start < reading.end <= len(text)
            when = reading.when
            assert (when.start is None) <= (when.symbol is not None)
            assert when.end is None or (when.start is not None and when.start < when.end)
            assert when.start is None or when.start.tzinfo is now.tzinfo


@given(MESSAGES, MOMENTS)
def test_grains_say_what_the_bounds_are(text: str, now: datetime) -> None:
    for group in times(text, now):
        for when in (reading.when for reading in group if reading.when.start is not None):
            assert (when.end is None) == (when.grain is Grain.INSTANT)
            if when.grain is Grain.DAY:
                assert when.start is not None
                assert when.end == when.start + timedelta(days=1)
                assert (when.start.hour, when.start.minute) == (0, 0)


@given(MESSAGES, MOMENTS)
def test_the_best_reading_stands_first_and_the_same_twice(text: str, now: datetime) -> None:
    groups = times(text, now)
    assert groups == times(text, now)
    for group in groups:
        assert list(group) == sorted(group, key=lambda reading: -reading.score)


@given(MESSAGES, MOMENTS)
def test_a_time_is_given_only_when_one_reading_stands_out(text: str, now: datetime) -> None:
    tokens = normaliser().tokens(text)
    when, readings = when_of(tokens, now, time_words())
    assert readings == asked(tokens, read_times(tokens, now, time_words()), now, time_words())
    if when is not None:
        assert when == readings[0].when
        assert all(reading.score < readings[0].score for reading in readings[1:])


@given(MESSAGES, MOMENTS)
def test_pieces_of_times_do_not_overlap_and_hold_every_reading(text: str, now: datetime) -> None:
    tokens = normaliser().tokens(text)
    groups, spans = times_and_spans(tokens, now, time_words())
    assert (groups, spans) == (read_times(tokens, now, time_words()), time_spans(tokens, time_words()))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    assert all(group[0].start in starts and group[0].end in ends for group in groups)


@pytest.mark.parametrize("text", RELATIVE)
@given(now=MOMENTS)
def test_a_week_later_a_relative_time_means_a_week_later(text: str, now: datetime) -> None:
    week = timedelta(days=7)
    for before, after in zip(times(text, now), times(text, now + week), strict=True):
        for one, other in zip(before, after, strict=True):
            assert one.when.start is not None
            assert one.when.start + week == other.when.start
            assert other.when.end == (one.when.end and one.when.end + week)


@given(MOMENTS, st.integers(1, 31))
def test_a_day_of_the_month_is_the_next_one_that_exists(now: datetime, day: int) -> None:
    when, _ = when_of(normaliser().tokens(f"tanggal {day}"), now, time_words())
    assert when is not None
    assert when.start is not None
    assert when.start.day == day
    assert timedelta(0) <= when.start.date() - now.date() <= timedelta(days=62)


@given(MOMENTS, st.integers(0, 23), st.integers(0, 59))
def test_a_written_clock_time_is_the_next_one(now: datetime, hour: int, minute: int) -> None:
    when, _ = when_of(normaliser().tokens(f"pukul {hour:02}.{minute:02}"), now, time_words())
    assert when is not None
    assert when.start is not None
    assert (when.start.hour, when.start.minute) == (hour, minute)
    assert now <= when.start < now + timedelta(days=1)


@given(st.text(min_size=1, max_size=10_000))
def test_hostile_text_is_read_without_complaint(text: str) -> None:
    now = datetime(2026, 11, 23, 9, 10, tzinfo=ZONE)
    for reading in (reading for group in times(text, now) for reading in group):
        assert reading.end <= len(text)
