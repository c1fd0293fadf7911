"""How long something took, as people say it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.campaign import Campaign, CampaignState, DeliveryState, Version
from bot.campaigns.reports import CELLS, Known, Pace, Status, Tally, UnitStatus
from bot.commands.campaign_showing import status_lines, took
from bot.people.staff import Unit
from bot.rendering.texts import Texts
from tests.fakes import CATALOGUES

ID, EN = CATALOGUES["id"], CATALOGUES["en"]
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (None, "–", "–"),
        (0, "kurang dari satu menit", "less than a minute"),
        (59, "kurang dari satu menit", "less than a minute"),
        (60, "1 menit", "1 minute"),
        (61, "2 menit", "2 minutes"),
        (HOUR - 1, "1 jam", "1 hour"),
        (HOUR, "1 jam", "1 hour"),
        (HOUR + 1, "1 jam 1 menit", "1 hour 1 minute"),
        (2 * HOUR + 5 * MINUTE, "2 jam 5 menit", "2 hours 5 minutes"),
        (DAY - MINUTE, "23 jam 59 menit", "23 hours 59 minutes"),
        (DAY - 1, "1 hari", "1 day"),
        (DAY, "1 hari", "1 day"),
        (DAY + 1, "1 hari 1 jam", "1 day 1 hour"),
        (3 * DAY + 2 * HOUR, "3 hari 2 jam", "3 days 2 hours"),
    ],
)
def test_a_time_is_said_in_two_units_at_most_and_never_as_nothing(
    seconds: int | None, indonesian: str, english: str
) -> None:
    assert (took(seconds, ID), took(seconds, EN)) == (indonesian, english)


@given(st.integers(0, 400 * DAY), st.sampled_from([ID, EN]))
def test_no_time_is_said_with_a_nought(seconds: int, texts: Texts) -> None:
    said = took(seconds, texts)
    assert said
    assert not re.search(r"\b0 ", said)


@given(st.integers(60, 40 * DAY))
def test_what_took_so_long_lies_within_what_is_said(seconds: int) -> None:
    sizes = {"minute": MINUTE, "hour": HOUR, "day": DAY}
    words = took(seconds, EN).split()
    said = sum(
        int(count) * sizes[unit.rstrip("s")] for count, unit in zip(words[::2], words[1::2], strict=True)
    )
    assert 0 <= said - seconds < (MINUTE if seconds <= DAY - MINUTE else HOUR)


KNOWN = Known(
    Campaign(1, "satu", 1, "semua", datetime(2026, 11, 30, tzinfo=UTC), CampaignState.RUNNING, "person:1"),
    Version(1, "satu", "satu/se-1", "0", "800/1/2026", date(2026, 11, 1), "Larangan", "Bupati"),
)


def test_a_campaign_that_is_read_at_once_has_a_status_that_reads_well() -> None:
    part = UnitStatus(Unit(1, "satu", "Kabupaten"), 0, Tally(), Tally())
    status = Status(KNOWN, ((part,),))
    said = {
        ID: "melakukannya dalam kurang dari satu menit, sembilan dari sepuluh dalam 2 jam.",
        EN: "did so in less than a minute, nine of ten in 2 hours.",
    }
    for texts, sentence in said.items():
        lines = status_lines(status, [Pace(5, 10, 7_200)], UTC, texts, by_unit=False, days=None)
        assert sentence in "\n".join(lines)


def told(state: CampaignState, *cells: tuple[DeliveryState, int]) -> str:
    """The status of a campaign in this state, with so many deliveries that nobody has acknowledged."""
    counts = dict(cells)
    tally = Tally(tuple(0 if done else counts.get(each, 0) for each, done in CELLS))
    part = UnitStatus(Unit(1, "satu", "Kabupaten"), 0, tally, tally)
    known = replace(KNOWN, campaign=replace(KNOWN.campaign, state=state))
    status = Status(known, ((part,),))
    return "\n".join(status_lines(status, [], UTC, ID, by_unit=True, days=None))


def test_what_nobody_knows_to_have_arrived_is_told_with_what_to_do() -> None:
    line = ID("campaign.uncertain", count=3, campaign=1)
    assert line in told(CampaignState.RUNNING, (DeliveryState.UNCERTAIN, 3)).splitlines()
    assert line not in told(CampaignState.CANCELLED, (DeliveryState.UNCERTAIN, 3))
    assert "tidak pasti" not in told(CampaignState.RUNNING, (DeliveryState.SENT, 3))


def test_in_a_cancelled_campaign_nobody_waits() -> None:
    queued = (DeliveryState.QUEUED, 269)
    assert told(CampaignState.RUNNING, queued).count("menunggu dikirim 269") == 2
    cancelled = told(CampaignState.CANCELLED, queued)
    assert cancelled.count("tidak jadi dikirim 269") == 2
    assert "menunggu" not in cancelled


def test_those_away_to_study_are_named_among_those_on_leave() -> None:
    assert "tugas belajar" in ID("campaign.excluded_leave", count=1)
    assert "study" in EN("campaign.excluded_leave", count=1)
