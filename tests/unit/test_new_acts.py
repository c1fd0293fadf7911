"""Acts that an encoder adds by their plain phrases are found in the forms in which people say them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot.policy.load import load
from bot.understanding import Understanding
from bot.vocabulary import Activity

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
GAME = Activity("bermain_gim", {"id": "bermain gim"}, None, ("game", "main game"), ("mobile legends",))


@cache
def understanding() -> Understanding:
    real = load().vocabulary
    return Understanding(replace(real, activities={**real.activities, GAME.id: GAME}))


@pytest.mark.parametrize(
    "text",
    [
        "boleh main game?",
        "boleh ngegame?",
        "main gamenya boleh?",
        "boleh game-kah sekarang?",
        "boleh mobile legends?",
    ],
)
def test_a_new_act_is_found_with_the_affixes_that_leave_its_meaning(text: str) -> None:
    assert understanding().read(text, NOW).activities == ("bermain_gim",)


CAR = Activity("memakai_mobil_dinas", {"id": "memakai mobil dinas"}, None, ("mobil dinas dipakai mudik",), ())


@pytest.mark.parametrize(
    "text",
    [
        "mobil dinas boleh dipakai mudik?",
        "mobil dinasnya bisa dipakai mudik ga?",
        "mobil dinas tidak boleh dipakai mudik kan?",
        "mobil dinas dilarang dipakai mudik?",
    ],
)
def test_what_asks_about_an_act_may_stand_in_its_midst(text: str) -> None:
    real = load().vocabulary
    hearing = Understanding(replace(real, activities={**real.activities, CAR.id: CAR}))
    understood = hearing.read(text, NOW)
    assert (understood.intent, understood.activities) == ("may_i", (CAR.id,))


def test_a_word_of_the_grammar_is_not_cut_to_a_word_of_a_phrase() -> None:
    assert understanding().read("kayaknya ini akun resmi, live boleh?", NOW).facts == {}


def test_a_hint_gives_way_to_an_act_that_is_named() -> None:
    found = understanding().read("boleh live mobile legends?", NOW)
    assert found.activities == ("siaran_langsung",)
