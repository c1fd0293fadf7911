"""Messages that nobody has just asked for."""

from __future__ import annotations

import logging

import pytest

from bot.channels.port import Delivery
from bot.channels.post import Post
from bot.model import Reply


class Loud:
    """A channel that notes what it sends; "boom" fails."""

    name = "telegram"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Reply]] = []

    async def send(self, chat_id: str, reply: Reply) -> Delivery:
        if reply.text == "boom":
            raise RuntimeError("private words")
        self.sent.append((chat_id, reply))
        return Delivery.SENT

    async def run(self) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def channel() -> Loud:
    return Loud()


async def test_a_message_goes_to_the_channel_it_names(channel: Loud) -> None:
    post = Post()
    post.serve(channel)
    post.send("telegram", "7", Reply("Perhatian"))
    post.send("whatsapp", "7", Reply("tidak ke mana-mana"))
    await post.settle()
    assert channel.sent == [("7", Reply("Perhatian"))]


async def test_a_failure_is_logged_without_what_was_written(
    channel: Loud, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post()
    post.serve(channel)
    with caplog.at_level(logging.ERROR):
        post.send("telegram", "7", Reply("boom"))
        await post.settle()
    assert "RuntimeError" in caplog.text
    assert "private words" not in caplog.text
