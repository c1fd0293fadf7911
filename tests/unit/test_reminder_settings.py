"""The settings of reminders and subscriptions."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.campaigns.reminding import Plan
from bot.catalogues import load_catalogues
from bot.config import load_settings
from bot.problems import Problem

NO_FILE = Path("no such file")


def test_without_settings_the_plan_is_the_usual_one() -> None:
    assert load_settings(NO_FILE).reminders.plan() == Plan()
    assert load_settings(NO_FILE).subscriptions.days == 30


def test_days_and_hours_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_REMINDERS__OFFSETS", "[-2, 0, 4]")
    monkeypatch.setenv("EDARAN_REMINDERS__ESCALATIONS", "[]")
    monkeypatch.setenv("EDARAN_REMINDERS__OPENS", "09:00")
    plan = load_settings(NO_FILE).reminders.plan()
    assert plan == Plan((-2, 0, 4), (), (time(9), time(15)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDARAN_REMINDERS__OFFSETS", "[0, -2]"),
        ("EDARAN_REMINDERS__OFFSETS", "[0, 0]"),
        ("EDARAN_REMINDERS__OFFSETS", "[100]"),
        ("EDARAN_REMINDERS__ESCALATIONS", "[0]"),
        ("EDARAN_REMINDERS__OPENS", "morning"),
        ("EDARAN_SUBSCRIPTIONS__DAYS", "0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_form(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Problem) as wrong:
        load_settings(NO_FILE)
    line = wrong.value.line(load_catalogues()["id"])
    assert f"{name} " in line
    assert not line.rstrip().endswith("seperti")
