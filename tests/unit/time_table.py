"""The labelled time expressions (time_expressions.txt), and the language files they are read with; tests and
benchmarks share them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from bot.model import Grain, When
from bot.understanding.normalise import Normaliser
from bot.understanding.time_words import TimeWords

TABLE = Path(__file__).with_name("time_expressions.txt")
LANGUAGE = Path(__file__).parents[2] / "policies" / "kosakata"


class Row(NamedTuple):
    """`when` None: no time, or one that needs asking; then `rivals` are the meanings that compete."""

    text: str
    now: datetime
    when: When | None
    rivals: tuple[When, ...]


def language(name: str) -> Any:
    """The plain data of one language file, read as YAML 1.2."""
    return YAML(typ="safe", pure=True).load((LANGUAGE / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def normaliser() -> Normaliser:
    return Normaliser(language("obrolan"))


@cache
def time_words() -> TimeWords:
    return TimeWords(language("waktu"))


def rows() -> Iterator[Row]:
    now = datetime.fromisoformat("2000-01-01T00:00+00:00")
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("now "):
            _, day, clock, zone = line.split()
            now = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))
        elif line and not line.startswith("#"):
            text, _, meaning = line.rpartition(" => ")
            yield _row(text, now, meaning)


def _row(text: str, now: datetime, meaning: str) -> Row:
    if meaning == "-":
        return Row(text, now, None, ())
    if meaning.startswith("? "):
        return Row(text, now, None, tuple(_when(part, now) for part in meaning[2:].split(" | ")))
    return Row(text, now, _when(meaning, now), ())


def _when(meaning: str, now: datetime) -> When:
    words = meaning.split()
    symbol = words.pop() if words[-1].startswith("@") else None
    if not words:
        return When(None, None, Grain.INTERVAL, symbol)
    if ".." in words:
        start, end = words[: words.index("..")], words[words.index("..") + 1 :]
        first = _moment(start, now)
        return When(first, _moment([first.date().isoformat(), *end][-2:], now), Grain.INTERVAL, symbol)
    if len(words) == 1:
        first = datetime.combine(date.fromisoformat(words[0]), time(), now.tzinfo)
        return When(first, first + timedelta(days=1), Grain.DAY, symbol)
    return When(_moment(words, now), None, Grain.INSTANT, symbol)


def _moment(words: list[str], now: datetime) -> datetime:
    return datetime.fromisoformat("T".join(words)).replace(tzinfo=now.tzinfo)
