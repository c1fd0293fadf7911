"""The WhatsApp simulator for tests: a process of its own, or within the test's own loop.

async with simulator(webhook="http://127.0.0.1:8080/whatsapp/webhook") as sim:
    person = await sim.person("Sari")
    await person.says("boleh live sekarang?")
    reply = await person.next_reply()
    await person.presses(reply.labels[0])
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.types import ASGIApp

from bot.simulating.carrying import Within
from bot.simulating.client import Person, Simulator
from bot.simulating.clock import Clock
from bot.simulating.errors import Json
from bot.simulating.rules import Account, Rules
from bot.simulating.server import build_app
from bot.simulating.simulation import Simulation

ACCOUNT = Account()
FREE = Rules(pair_seconds=None, throughput=None, new_people=None)
"""No limit on how much is sent, for dialogues that are quicker than people. The window stays."""


@asynccontextmanager
async def simulator(
    webhook: str | None = None, *, rules: Rules = FREE, account: Account = ACCOUNT
) -> AsyncIterator[Simulator]:
    """A simulator in a process of its own on a free port."""
    wanted = {"webhook": webhook, "account": account.model_dump(), "rules": rules.model_dump(mode="json")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.simulating", json.dumps(wanted), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        base = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["base"]
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            yield Simulator(http, base, account)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def simulated(
    app: ASGIApp | None = None,
    *,
    webhook: str = "http://edaran/whatsapp/webhook",
    rules: Rules = FREE,
    account: Account = ACCOUNT,
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Simulator, httpx.AsyncBaseTransport]]:
    """A simulator without sockets: webhooks go straight into `app` (None: nobody listens). With the transport
    an httpx client reaches the Graph side, at `Simulator.base`."""
    outward = httpx.ASGITransport(app=app) if app else None
    async with httpx.AsyncClient(transport=outward) as webhooks:
        simulation = Simulation(
            Within(webhooks), account=account, rules=rules, clock=clock, webhook=webhook if app else None
        )
        inward = httpx.ASGITransport(app=build_app(simulation))
        async with (
            httpx.AsyncClient(transport=inward, base_url=simulation.base) as http,
            simulation.delivering(),
        ):
            yield Simulator(http, simulation.base, account), inward


async def business_sends(sim: Simulator, person: Person, content: Json) -> Json:
    """A message of the business without any library: `content` has the type and what belongs to it. The
    platform's answer."""
    body = {"messaging_product": "whatsapp", "recipient": person.user_id} | content
    headers = {"Authorization": f"Bearer {sim.account.token}"}
    answer = await sim._http.post(f"/v24.0/{sim.account.phone_id}/messages", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
