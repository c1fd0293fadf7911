"""How the simulator's webhooks leave: signed, in order, repeated until they are taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.simulating.client import SilenceError, Simulator, SimulatorError
from bot.simulating.clock import Clock
from bot.simulating.errors import Json
from bot.simulating.rules import DAY, Rules
from bot.simulating.webhooks import SIGNATURE, signature
from tests.whatsapp import FREE, business_sends, simulated


@dataclass
class Listener:
    """A webhook that answers as it is told; `status` 0: not at all."""

    status: int = 200
    bodies: list[Json] = field(default_factory=list)
    signatures: list[tuple[str, str]] = field(default_factory=list)
    """As they came, and as they should be."""

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(json.loads(body))
        self.signatures.append((request.headers.get(SIGNATURE, ""), signature("rahasia-simulator", body)))
        if self.status == 0:
            raise httpx.ReadError("gone")
        return Response(status_code=self.status)

    def texts(self) -> list[str]:
        values = [
            change["value"] for body in self.bodies for one in body["entry"] for change in one["changes"]
        ]
        return [message["text"]["body"] for value in values for message in value.get("messages", [])]


@asynccontextmanager
async def listening(rules: Rules = FREE) -> AsyncIterator[tuple[Simulator, Listener]]:
    """A simulator whose clock stands."""
    listener = Listener()
    app = Starlette(routes=[Route("/whatsapp/webhook", listener.hook, methods=["POST"])])
    async with simulated(app, rules=rules, clock=Clock(1_790_000_000, running=False)) as (sim, _):
        yield sim, listener


async def test_webhooks_leave_signed_and_in_order() -> None:
    async with listening() as (sim, listener):
        person = await sim.person()
        for number in range(20):
            await person.says(str(number))
        await sim.settled()
        assert listener.texts() == [str(number) for number in range(20)]
        assert all(came == right for came, right in listener.signatures)


@pytest.mark.parametrize("status", [500, 403, 201, 0])
async def test_a_webhook_that_was_not_taken_comes_again_later_and_later(status: int) -> None:
    async with listening() as (sim, listener):
        listener.status = status
        await (await sim.person()).says("halo")
        for pause, tries in ((0, 1), (1, 2), (1, 2), (1, 3), (3, 3), (1, 4)):
            await sim.advance(pause)
            await sim.settled()
            assert len(listener.bodies) == tries
        listener.status = 200
        await sim.advance(8)
        await sim.settled()
        await sim.advance(DAY)
        await sim.settled()
        (notice,) = await sim.notices()
        assert notice["answers"] == [status] * 4 + [200]


async def test_after_a_week_a_webhook_is_given_up() -> None:
    async with listening() as (sim, listener):
        listener.status = 500
        await (await sim.person()).says("halo")
        for _ in range(25):
            await sim.settled()
            await sim.advance(DAY)
        (notice,) = await sim.notices()
        assert notice["given_up"] is True
        tries = len(listener.bodies)
        await sim.advance(30 * DAY)
        await sim.settled()
        assert len(listener.bodies) == tries


async def test_one_that_is_not_taken_does_not_hold_up_the_next() -> None:
    async with listening() as (sim, listener):
        listener.status = 500
        person = await sim.person()
        await person.says("satu")
        await sim.settled()
        listener.status = 200
        await person.says("dua")
        await sim.settled()
        await sim.advance(1)
        await sim.settled()
        assert listener.texts() == ["satu", "dua", "satu"]


async def test_a_late_webhook_leaves_when_the_clock_says_so() -> None:
    async with listening() as (sim, listener):
        await sim.faults(late={"message": 30})
        await (await sim.person()).says("halo")
        await sim.advance(29)
        await sim.settled()
        assert listener.texts() == []
        await sim.advance(1)
        await sim.settled()
        assert listener.texts() == ["halo"]


async def test_webhooks_that_waited_can_come_in_one_body() -> None:
    async with listening() as (sim, listener):
        person = await sim.person()
        await sim.pause()
        await person.says("satu")
        await person.says("dua")
        await sim.settled()
        assert listener.bodies == []
        await sim.faults(batched=True)
        await sim.pause(False)
        await sim.settled()
        assert len(listener.bodies) == 1
        assert listener.texts() == ["satu", "dua"]


async def test_doubled_messages_come_twice_with_one_id() -> None:
    async with listening() as (sim, listener):
        await sim.faults(doubled=["message"])
        wamid = await (await sim.person()).says("halo")
        await sim.settled()
        ids = [body["entry"][0]["changes"][0]["value"]["messages"][0]["id"] for body in listener.bodies]
        assert ids == [wamid, wamid]


async def test_several_connections_carry_webhooks_at_once() -> None:
    under_way = most = 0

    async def slow(_: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return Response()

    app = Starlette(routes=[Route("/whatsapp/webhook", slow, methods=["POST"])])
    for connections in (1, 4):
        most = 0
        rules = FREE.model_copy(update={"connections": connections})
        async with simulated(app, rules=rules) as (sim, _):
            person = await sim.person()
            await sim.pause()
            for number in range(8):
                await person.says(str(number))
            await sim.pause(False)
            await sim.settled()
        assert most == connections


async def test_a_burst_leaves_at_its_rate_and_every_answer_is_timed() -> None:
    async with listening() as (sim, listener):
        ids = await sim.burst(10, 2.0, people=3)
        await sim.advance(2.4)
        await sim.settled()
        assert listener.texts() == [f"halo {number}" for number in range(5)]
        await sim.advance(10)
        await sim.settled()
        assert len(listener.texts()) == len(set(ids)) == 10
        assert all(len(notice["took"]) == 1 and notice["took"][0] > 0 for notice in await sim.notices())


async def test_a_crowd_joins_and_is_read_at_once() -> None:
    async with listening() as (sim, _):
        crowd = await sim.people(3, "Pegawai", hidden=True)
        assert len({person.phone for person in crowd}) == 3
        await crowd[1].says("halo")
        await business_sends(sim, crowd[1], {"type": "text", "text": {"body": "ya"}})
        chats = await sim.chats()
        assert [[seen.text for seen in chats[person.user_id]] for person in crowd] == [[], ["ya"], []]


async def test_a_new_number_is_hers_and_the_old_one_nobody_s() -> None:
    async with listening() as (sim, _):
        person = await sim.person("Sari", "+62 800-0000-0001")
        await person.becomes(phone="+62 800-0000-0009")
        assert (await sim.person("Sari", "6280000000009")).user_id == person.user_id
        assert (await sim.person("Budi", "6280000000001")).user_id != person.user_id


async def test_any_body_can_be_posted_with_a_right_wrong_or_no_signature() -> None:
    async with listening() as (sim, listener):
        assert await sim.post("{}") == (200, "")
        await sim.post("{}", secret="lain")
        await sim.post("{}", signed="")
        came = [came == right for came, right in listener.signatures]
        assert came == [True, False, False]
        assert listener.signatures[-1][0] == ""


async def test_silence_and_impossible_wishes_are_said_as_such() -> None:
    async with listening() as (sim, _):
        person = await sim.person("Sari")
        with pytest.raises(SilenceError, match="Sari"):
            await person.next_reply(0.01)
        with pytest.raises(SimulatorError, match="no such thing: button or row 'Ya'"):
            await person.presses("Ya")
        with pytest.raises(SimulatorError, match="request for the number"):
            await person.shares_number()
        with pytest.raises(SimulatorError, match="forward only"):
            await sim.advance(-1)
        with pytest.raises(SimulatorError, match="warna"):
            await sim.faults(warna="merah")


async def test_two_simulators_of_one_process_do_not_share_anything() -> None:
    async with listening() as (one, _), listening() as (other, __):
        await one.person("Sari", "+62 800-0000-0001")
        await other.person("Budi", "+62 800-0000-0001")
        assert [person["name"] for person in await one.call("GET", "/people")] == ["Sari"]
        assert [person["name"] for person in await other.call("GET", "/people")] == ["Budi"]
