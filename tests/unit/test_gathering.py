"""Reads asked for together share one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from bot.storage import gathering
from bot.storage.gathering import Gathering


async def test_what_is_asked_for_at_once_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST", 3)
    read: list[int] = []

    async def reading(keys: Sequence[int]) -> Mapping[int, str]:
        read.append(len(keys))
        return {key: str(key) for key in keys if key != 2}

    together = Gathering(reading)
    assert await asyncio.gather(*(together.get(key) for key in (1, 2, 1, 3, 4))) == ["1", None, "1", "3", "4"]
    assert read == [3, 1]


async def test_an_answer_is_never_older_than_its_question() -> None:
    value, started, go = 1, asyncio.Event(), asyncio.Event()

    async def reading(keys: Sequence[str]) -> Mapping[str, int]:
        seen = value
        started.set()
        await go.wait()
        return dict.fromkeys(keys, seen)

    together = Gathering(reading)
    first = asyncio.ensure_future(together.get("x"))
    await started.wait()
    value = 2
    second = asyncio.ensure_future(together.get("x"))
    await asyncio.sleep(0)
    go.set()
    assert list(await asyncio.gather(first, second)) == [1, 2]


async def test_a_failed_reading_fails_for_all_and_the_next_one_goes_on() -> None:
    broken = True

    async def reading(keys: Sequence[int]) -> Mapping[int, int]:
        if broken:
            raise OSError
        return {key: key for key in keys}

    together = Gathering(reading)
    failed = await asyncio.gather(together.get(1), together.get(2), return_exceptions=True)
    assert [type(one) for one in failed] == [OSError, OSError]
    broken = False
    assert await together.get(1) == 1
