"""Tokens → lexemes: the words of a message that can belong to a time, with their senses.

Numbers in words are put together, written clocks and dates are read, and what only looks like a time
is left out: greetings, numbers of letters, shifts, meals.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bot.model import Token
from bot.understanding.time_senses import NOTHING, Entry, Opens, Sense
from bot.understanding.time_words import TimeWords


class Lexeme(NamedTuple):
    """A word or phrase with its sense; `first` and `after` count tokens, `after` exclusive."""

    sense: Sense
    first: int
    after: int


_CLOCK = re.compile(r"(\d{1,2})[.:](\d{2})(?:[.:][0-5]\d)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/](\d{1,2})(?:[-/](\d{4}|\d{2}))?")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_MINUTES = re.compile(r"[0-5]\d")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FROM_DAY = re.compile(r"h([-+]\d{1,2})")
_DECIMAL = re.compile(r"(\d+)[.,]5")
_ABOUT = re.compile(r"(\d{1,2})an")
_NUMBER = int(Opens.COUNT | Opens.CLOCK | Opens.DAY)
_HALF = Sense(roles=frozenset({"half"}), opens=int(Opens.COUNT))
_HEADS = frozenset({"clock", "date", "month", "year"})


def lexemes(tokens: tuple[Token, ...], words: TimeWords) -> list[Lexeme]:
    """The lexemes of a message in order; empty for one without any time word."""
    found: list[Lexeme] = []
    phrases, place, last = words.phrases, 0, len(tokens)
    while place < last:
        norm = tokens[place].norm
        entry = phrases.get(norm)
        after = place if entry is None else _phrase(tokens, place, entry, found)
        if after > place:
            place = after
        elif norm[0] <= "9" or norm[-1] <= "9":
            place = _figure(tokens, place, found, words)
        else:
            place += 1
    if not found:
        return found
    found = _numbers(found)
    if any(lexeme.sense.part is not None for lexeme in found):
        found = _without_greeting(tokens, found, words)
    return _without_borrowed(tokens, found, words)


def _phrase(tokens: tuple[Token, ...], place: int, entry: Entry, found: list[Lexeme]) -> int:
    """Takes the longest phrase that begins here; the place after it, `place` itself if none does."""
    sense, after = entry.alone, place + 1
    if entry.longer and after < len(tokens):
        for rest, longer in entry.longer.get(tokens[after].norm, ()):
            end = after + 1 + len(rest)
            if not rest or tuple(token.norm for token in tokens[after + 1 : end]) == rest:
                sense, after = longer, end
                break
    if sense is None:
        return place
    if sense.roles & _HEADS and after < len(tokens) and tokens[after].norm == ".":
        after += 1  # "pkl. 08.00"
    if sense is not NOTHING:
        found.append(Lexeme(sense, place, after))
    return after


def _figure(tokens: tuple[Token, ...], place: int, found: list[Lexeme], words: TimeWords) -> int:
    """Takes the figures at `place` if they can belong to a time; the place after them."""
    around = [token.norm for token in tokens[place : place + 3]]
    before = tokens[place - 1].norm if place else ""
    head = found[-1].sense.roles & _HEADS if found and found[-1].after == place else frozenset()
    follows = around[1] if len(around) > 1 else ""
    if not head and (before in words.no_time_after or follows in words.no_time_before):
        return place + 1
    if "year" in head and place > 1 and tokens[place - 2].norm[0].isdigit():
        return place + 1  # "nomor 94 tahun 2021" is a rule's name
    text, after = around[0], place + 1
    if "clock" in head and len(around) == 3 and around[1] == "." and _MINUTES.fullmatch(around[2]):
        text, after = ".".join((text, around[2])), place + 3  # "pukul 7 . 30"
    sense = _written(text)
    if text == "1/2" and _measures(follows, words) and not around[-1].isdigit():
        sense = _HALF  # "1/2 jam lagi", but not "1/2 jam 8"
    if sense is not None:
        found.append(Lexeme(sense, place, after))
    return after


def _measures(word: str, words: TimeWords) -> bool:
    entry = words.phrases.get(word)
    return entry is not None and entry.alone is not None and entry.alone.unit is not None


@lru_cache(maxsize=4_096)
def _written(text: str) -> Sense | None:
    """A token of figures as a number, a clock time or a date; None if it is none of these."""
    if text.isdecimal() and text.isascii():
        return Sense(number=int(text), digits=text, opens=_NUMBER) if len(text) <= 4 else None
    if match := _CLOCK.fullmatch(text):
        hour, minute = int(match[1]), int(match[2])
        if (hour < 24 and minute < 60) or (hour, minute) == (24, 0):
            return Sense(clock=(hour, minute), digits=match[1], opens=int(Opens.CLOCK))
        return None
    if match := _DAY_FIRST.fullmatch(text) or _DOTTED_DATE.fullmatch(text):
        return _date(int(match[1]), int(match[2]), match[3])
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(int(match[3]), int(match[2]), match[1])
    if match := _FROM_DAY.fullmatch(text):
        return Sense(from_day=int(match[1]), opens=int(Opens.SIMPLE))
    if match := _ABOUT.fullmatch(text):
        return Sense(number=int(match[1]), digits=match[1], roles=frozenset({"about"}), opens=_NUMBER)
    if match := _DECIMAL.fullmatch(text):
        return Sense(number=int(match[1]), roles=frozenset({"and_half"}), opens=int(Opens.COUNT))
    return None


def _date(day: int, month: int, year: str | None) -> Sense | None:
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    full = 0 if year is None else int(year) if len(year) == 4 else 2000 + int(year)
    return Sense(date=(day, month, full), opens=int(Opens.SIMPLE))


# --- numbers in words ------------------------------------------------------------------------


def _numbers(found: list[Lexeme]) -> list[Lexeme]:
    """Number words put together: dua puluh satu → 21, dua ribu dua puluh enam → 2026."""
    if all(lexeme.sense.scale is None for lexeme in found):
        return found
    joined: list[Lexeme] = []
    place = 0
    while place < len(found):
        value, after = _number(found, place)
        if after == place:
            joined.append(found[place])
            after += 1
        else:
            joined.append(
                Lexeme(Sense(number=value, opens=_NUMBER), found[place].first, found[after - 1].after)
            )
        place = after
    return joined


def _number(found: list[Lexeme], place: int) -> tuple[int, int]:
    """The number that starts here and where it ends; (0, place) if none does."""
    value, after = _below_hundred(found, place)
    if after == place:
        return 0, place
    for size in (1000, 100):
        if _joined(found, after) == size:
            rest, end = _number(found, after + 1) if _joined(found, after + 1) == 0 else (0, after + 1)
            return (value * size + rest, end) if rest < size else (value * size, after + 1)
    return value, after


def _below_hundred(found: list[Lexeme], place: int) -> tuple[int, int]:
    first = found[place].sense
    if first.scale != 0:
        return 0, place
    value, scale = first.number or 0, _joined(found, place + 1)
    if value > 9 or scale not in (10, 20):
        return value, place + 1
    if scale == 10:
        return 10 + value, place + 2
    unit = found[place + 2].sense.number if _joined(found, place + 2) == 0 else None
    if unit is None or not 1 <= unit <= 9 or _joined(found, place + 3) in (10, 20):
        return value * 10, place + 2
    return value * 10 + unit, place + 3


def _joined(found: list[Lexeme], place: int) -> int | None:
    """The scale of the number word at `place`; None if none stands there, right after the one before."""
    if place >= len(found) or found[place].first != found[place - 1].after:
        return None
    return found[place].sense.scale


# --- what only looks like a time --------------------------------------------------------------


def _without_greeting(tokens: tuple[Token, ...], found: list[Lexeme], words: TimeWords) -> list[Lexeme]:
    """Drops the part of the day of "pagi min", "selamat siang pak": at the start, and only greeting."""
    opening, calling = words.greeting["pembuka"], words.greeting["panggilan"]
    for index, lexeme in enumerate(found):
        if lexeme.sense.part is None:
            continue
        if lexeme.after - lexeme.first > 1 or tokens[lexeme.first].norm not in words.greeting["bagian"]:
            return found
        before = tokens[: lexeme.first]
        if any(t.norm not in opening and t.norm not in calling and t.norm[0].isalnum() for t in before):
            return found
        nxt = tokens[lexeme.after].norm if lexeme.after < len(tokens) else "."
        if nxt in calling or nxt in words.greeting["lanjutan"] or (before and before[-1].norm == "selamat"):
            return found[:index] + found[index + 1 :]
        return found
    return found


def _without_borrowed(tokens: tuple[Token, ...], found: list[Lexeme], words: TimeWords) -> list[Lexeme]:
    """Drops the part of the day in "shift malam", the day in "Pasar Minggu" and "suasana kemerdekaan", the
    "sd" of "guru SD"."""
    kept: list[Lexeme] = []
    for lexeme in found:
        follows_time = bool(kept) and kept[-1].after == lexeme.first
        if tokens[lexeme.first].norm in words.until_after_time and not follows_time:
            continue
        if not lexeme.first or not _borrowed(lexeme.sense, tokens[lexeme.first - 1].norm, words):
            kept.append(lexeme)
    return kept


def _borrowed(sense: Sense, before: str, words: TimeWords) -> bool:
    if sense.part is not None:
        return before in words.no_part_after
    named = sense.weekday is not None or sense.dated is not None or sense.feast is not None
    return named and before in words.no_day_after
