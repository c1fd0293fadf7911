"""The simulator as a process: `python -m bot.simulating '{"port": 0, "webhook": null}'`.

Its one line on standard output says where it is, once it can be reached there.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from bot.simulating.rules import Account, Rules, Values
from bot.simulating.server import listener, serving, simulation_on


class Wanted(Values):
    port: int = 0
    webhook: str | None = None
    account: Account = Account()
    rules: Rules = Rules()


async def main(wanted: Wanted) -> None:
    bound = listener(wanted.port)
    bound.listen(128)  # whoever reads the line below may connect before the server accepts
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with (
        simulation_on(bound, wanted.webhook, wanted.account, wanted.rules) as simulation,
        serving(simulation, bound),
    ):
        sys.stdout.write(json.dumps({"base": simulation.base}) + "\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(Wanted.model_validate_json(sys.argv[1] if len(sys.argv) > 1 else "{}")))
