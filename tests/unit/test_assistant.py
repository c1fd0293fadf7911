"""Answering many at once: whoever asks the same gets the same, and nobody gets another's answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.app import build_assistant
from bot.assistant import Assistant
from bot.model import Asker

NOW = datetime.fromisoformat("2026-11-23T09:10:20+07:00")
LUMAJANG, PAMEKASAN = Asker("lumajang", "pns"), Asker("pamekasan", "pns")
QUESTION = "boleh live sekarang?"


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return build_assistant()


def fresh(asker: Asker, now: datetime = NOW, text: str = QUESTION, language: str = "id") -> str:
    """The reply of an assistant that was asked nothing before."""
    return build_assistant().answer(text, asker, "new", now, language).text


@pytest.mark.parametrize(
    ("asker", "later", "language"),
    [
        (LUMAJANG, 0, "id"),
        (LUMAJANG, 1, "id"),
        (LUMAJANG, 8 * 60, "id"),
        (LUMAJANG, 0, "en"),
        (PAMEKASAN, 0, "id"),
        (Asker("lumajang", "non_asn"), 0, "id"),
        (Asker("lumajang", "pns", "sekolah", "enam_hari"), 6 * 60, "id"),
    ],
)
def test_an_answer_is_never_that_of_another_person_moment_or_language(
    assistant: Assistant, asker: Asker, later: int, language: str
) -> None:
    assistant.answer(QUESTION, LUMAJANG, "first", NOW, "id")
    now = NOW + timedelta(minutes=later)
    assert assistant.answer(QUESTION, asker, "second", now, language).text == fresh(
        asker, now, QUESTION, language
    )


def test_what_was_said_before_makes_it_another_question(assistant: Assistant) -> None:
    assistant.answer("boleh upload video sekarang?", LUMAJANG, "uploader", NOW, "id")
    assistant.answer(QUESTION, LUMAJANG, "streamer", NOW, "id")
    follow_ups = {
        key: assistant.answer("kalau nanti malam?", LUMAJANG, key, NOW, "id").text
        for key in ("uploader", "streamer")
    }
    assert "mengunggah" in follow_ups["uploader"]
    assert "siaran langsung" in follow_ups["streamer"]


def test_a_fact_that_one_person_has_told_is_not_another_ones(assistant: Assistant) -> None:
    for key, fact in (("official", "pakai akun dinas"), ("private", "pakai akun pribadi")):
        assistant.answer(QUESTION, LUMAJANG, key, NOW, "id")
        said = assistant.answer(fact, LUMAJANG, key, NOW, "id").text
        assert ("tidak lewat akun resmi" in said) is (key == "private")


def test_what_is_asked_again_is_what_this_person_was_asked(assistant: Assistant) -> None:
    evening = NOW + timedelta(hours=11)
    assistant.answer(QUESTION, LUMAJANG, "dressed", evening, "id")
    assistant.answer("boleh live besok jam 8?", LUMAJANG, "timed", evening, "id")
    again = {
        key: assistant.answer("asdf", LUMAJANG, key, evening, "id") for key in ("dressed", "timed", "none")
    }
    assert "seragam" in again["dressed"].text
    assert "08.00" in again["timed"].text
    assert again["none"].text == fresh(LUMAJANG, evening, "asdf")
    assert [len(again[key].buttons) > 0 for key in ("dressed", "timed", "none")] == [True, True, False]


def test_the_same_in_the_same_minute_is_thought_about_once(assistant: Assistant) -> None:
    one = assistant.answer(QUESTION, LUMAJANG, "one", NOW, "id")
    assert assistant.answer(QUESTION, LUMAJANG, "two", NOW + timedelta(seconds=30), "id") is one
