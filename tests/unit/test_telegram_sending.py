"""Telegram's limits on what is sent. `telegram.constants` of another library says what they are."""

from __future__ import annotations

import logging

import pytest
from aiogram.types import ReplyKeyboardMarkup, ReplyKeyboardRemove
from hypothesis import given
from hypothesis import strategies as st
from telegram.constants import CallbackQueryLimit, InlineKeyboardButtonLimit, MessageLimit

from bot.channels.telegram_sending import (
    ACTION_BYTES,
    CALLBACK_ANSWER,
    TEXT_UNITS,
    headline,
    keyboard,
    markup_of,
    split_text,
    units,
)
from bot.model import Button, ContactRequest, Reply

TEXTS = st.text(alphabet=st.sampled_from("a b\n🙏👩‍🏫é\u202e"), max_size=120)


def test_the_limits_are_those_another_library_knows() -> None:
    assert TEXT_UNITS == MessageLimit.MAX_TEXT_LENGTH
    assert ACTION_BYTES == InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    assert CALLBACK_ANSWER == CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH


@given(TEXTS, st.integers(min_value=4, max_value=40))
def test_parts_fit_and_nothing_but_blanks_is_lost(text: str, limit: int) -> None:
    parts = list(split_text(text, limit))
    assert all(0 < units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_is_cut_at_a_lines_end_then_at_a_space_then_anywhere() -> None:
    assert list(split_text("satu dua\ntiga", 10)) == ["satu dua", "tiga"]
    assert list(split_text("satu dua tiga", 10)) == ["satu dua", "tiga"]
    assert list(split_text("satuduatiga", 4)) == ["satu", "duat", "iga"]


def test_an_emoji_counts_two_units_and_is_never_cut_in_half() -> None:
    assert units("🙏") == 2
    assert list(split_text("🙏🙏🙏", 5)) == ["🙏🙏", "🙏"]


def test_a_text_at_the_limit_stays_whole() -> None:
    assert list(split_text("🙏" * 2048)) == ["🙏" * 2048]
    assert len(list(split_text("🙏" * 2048 + "a"))) == 2


def test_a_blank_text_is_not_sent() -> None:
    assert list(split_text(" \n ")) == []


def test_the_first_line_is_bold() -> None:
    entity = headline("🙏 Boleh  \nPasal 1")
    assert (entity.type, entity.offset, entity.length) == ("bold", 0, 8)


def test_an_action_too_long_loses_its_button_only(caplog: pytest.LogCaptureFixture) -> None:
    rows = ((Button("a", "é" * 32), Button("b", "é" * 33)), (Button("c", ""),))
    with caplog.at_level(logging.ERROR):
        markup = keyboard(rows)
    assert markup is not None
    assert [[button.text for button in row] for row in markup.inline_keyboard] == [["a"]]
    assert "66 bytes" in caplog.text


def test_no_buttons_are_no_keyboard() -> None:
    assert keyboard(()) is None


def test_asking_for_the_contact_is_a_keyboard_with_one_button_that_gives_it() -> None:
    markup = markup_of(Reply("Bagikan?", contact=ContactRequest("Bagikan kontak", "Tidak jadi")))
    assert isinstance(markup, ReplyKeyboardMarkup)
    shown = [(button.text, button.request_contact) for row in markup.keyboard for button in row]
    assert shown == [("Bagikan kontak", True), ("Tidak jadi", None)]
    assert markup.one_time_keyboard


def test_an_empty_request_takes_the_keyboard_away() -> None:
    assert isinstance(markup_of(Reply("Terima kasih", contact=ContactRequest())), ReplyKeyboardRemove)


def test_a_reply_without_anything_below_has_no_markup() -> None:
    assert markup_of(Reply("Jawaban")) is None
