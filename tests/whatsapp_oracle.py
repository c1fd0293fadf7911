"""pywa as a second opinion on the simulator: its client against the Graph side, its parser on webhooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from pywa.types.base_update import BaseUpdate, RawUpdate
from pywa_async.client import WhatsApp

from bot.simulating.client import Simulator
from bot.simulating.errors import Json
from bot.simulating.rules import Account
from bot.simulating.webhooks import encoded

EXAMPLES = Path(__file__).parent / "data" / "whatsapp"
VERSION = "v24.0"


def example(name: str) -> Json:
    """A webhook as the platform's documentation has it."""
    found: Json = json.loads((EXAMPLES / f"{name}.json").read_text())
    return found


def example_names() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.json") if path.stem != "fields")


def pywa(account: Account, base: str, transport: httpx.AsyncBaseTransport | None = None) -> WhatsApp:
    """A client that talks to a simulator. Close its session at the end: `wa.api._session.aclose()`."""
    wa = WhatsApp(
        phone_id=account.phone_id,
        waba_id=account.waba_id,
        token=account.token,
        session=httpx.AsyncClient(transport=transport, trust_env=False),
        app_secret=account.app_secret,
        verify_token=account.verify_token,
        filter_updates=False,
    )
    wa.api._session.base_url = httpx.URL(f"{base}/{VERSION}")
    return wa


def parsed(wa: WhatsApp, body: Json) -> BaseUpdate:
    """What pywa makes of a webhook. Raises what its parser raises: pywa itself would log that and go on."""
    raw = RawUpdate(json.dumps(body).encode(), hmac_header=None, update_hash="")
    handler = wa._get_handler_type(raw)
    assert handler is not None
    found: BaseUpdate = wa._handlers_to_updates[handler].from_update(client=wa, update=raw)
    return found


async def emitted(sim: Simulator) -> list[Json]:
    """The bodies of all webhooks so far, as they go over the wire."""
    return [json.loads(encoded([one["entry"]])) for one in await sim.notices()]


def paths(tree: Any, prefix: str = "") -> set[str]:
    """The field names of a JSON value with those above them: {"entry", "entry.id", …}."""
    if isinstance(tree, list):
        return {path for one in tree for path in paths(one, prefix)}
    if not isinstance(tree, dict):
        return set()
    found = set()
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        found |= {path} | paths(value, path)
    return found


def published(side: str) -> set[str]:
    """The field names that somebody other than us has published; `side`: webhook, request or response."""
    tables: Sequence[Json] = list(json.loads((EXAMPLES / "fields.json").read_text()).values())
    return {path for table in tables for path in table[side]}
