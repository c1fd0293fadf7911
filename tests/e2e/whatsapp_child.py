"""A WhatsApp bot as a process of its own, to be killed: `python -m tests.e2e.whatsapp_child URL API PORT`."""

from __future__ import annotations

import asyncio
import sys

import uvicorn

from bot.channels.web import build_web
from bot.channels.whatsapp_build import build_whatsapp
from bot.storage.store import open_store
from tests.fakes import CATALOGUES, Office
from tests.whatsapp import ACCOUNT
from tests.whatsapp_world import QUICK, SETTINGS


async def main(database: str, api_base: str, port: int) -> None:
    store = await open_store(database)
    office = Office(profiles=store.profiles)
    settings = SETTINGS.model_copy(update={"api_base": api_base})
    channel = await build_whatsapp(settings, office.desk, store, CATALOGUES, pace=QUICK)
    web = build_web(well=store.well, whatsapp=channel, verify_token=ACCOUNT.verify_token)
    server = uvicorn.Server(uvicorn.Config(web, port=port, access_log=False, log_level="error"))
    await asyncio.gather(channel.run(), server.serve())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
