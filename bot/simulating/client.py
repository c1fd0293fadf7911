"""The simulator's people and platform, for Python: tests and the chat by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from bot.simulating.client_person import SECONDS, Person
from bot.simulating.errors import Json
from bot.simulating.received import Choice, Received, SilenceError, SimulatorError, received
from bot.simulating.rules import Account
from bot.simulating.webhooks import SIGNATURE, signature

__all__ = ["Choice", "Person", "Received", "SilenceError", "Simulator", "SimulatorError"]


class Simulator:
    """`http` has the simulator's address as base; `base` is that address as the program under test gets
    it."""

    def __init__(self, http: httpx.AsyncClient, base: str, account: Account) -> None:
        self._http, self.base, self.account = http, base, account

    def environment(self) -> dict[str, str]:
        """The settings with which Edaran talks to this simulator."""
        account = self.account
        return {
            "EDARAN_WHATSAPP__API_BASE": self.base,
            "EDARAN_WHATSAPP__TOKEN": account.token,
            "EDARAN_WHATSAPP__PHONE_ID": account.phone_id,
            "EDARAN_WHATSAPP__ACCOUNT_ID": account.waba_id,
            "EDARAN_WHATSAPP__APP_SECRET": account.app_secret,
            "EDARAN_WHATSAPP__VERIFY_TOKEN": account.verify_token,
        }

    # --- people --------------------------------------------------------------------------------

    async def person(self, name: str = "Orang", phone: str | None = None, **more: Any) -> Person:
        """A new person, or the one with that number. `more`: hidden (number not shown), username, online,
        receipts, reachable."""
        found = await self.call("POST", "/people", {"name": name, "phone": phone} | more)
        return Person(self, found["user_id"], found["name"], found["phone"])

    async def people(self, count: int, name: str = "Orang", **more: Any) -> list[Person]:
        """Many new people at once, alike but for number and id."""
        found = await self.call("POST", "/crowds", {"count": count, "name": name} | more)
        return [Person(self, one["user_id"], one["name"], one["phone"]) for one in found]

    async def chats(self) -> dict[str, list[Received]]:
        """What each person ever got, by her `user_id`."""
        found = await self.call("GET", "/outboxes")
        return {user_id: [received(one) for one in seen] for user_id, seen in found.items()}

    async def burst(
        self, count: int, rate: float, *, people: int = 100, text: str = "halo {number}"
    ) -> list[str]:
        """`count` messages of `people` new people leave from now on, `rate` a second. Their ids; the
        answers of the webhook and how long they took are in `notices`."""
        wanted = {"count": count, "rate": rate, "people": people, "text": text}
        return list((await self.call("POST", "/bursts", wanted))["ids"])

    # --- the platform --------------------------------------------------------------------------

    async def rules(self, **changes: Any) -> None:
        """Fields of `rules.Rules`; the others stay."""
        await self.call("PUT", "/rules", changes)

    async def faults(self, **faults: Any) -> None:
        """Fields of `rules.Faults`; the others are off. Without any: everything works again."""
        await self.call("PUT", "/faults", faults)

    async def advance(self, seconds: float) -> None:
        """Moves the clock; what is due by then leaves."""
        await self.call("POST", "/clock", {"advance": seconds})

    async def now(self) -> float:
        return float((await self.state())["now"])

    async def state(self) -> Json:
        """account, rules, faults, now, webhook, paused, marked_read."""
        found: Json = await self.call("GET", "")
        return found

    async def template(
        self,
        name: str,
        body: str,
        *,
        language: str = "id",
        status: str = "APPROVED",
        category: str = "UTILITY",
        header: str | Json | None = None,
        footer: str | None = None,
        buttons: Sequence[str] = (),
    ) -> None:
        """Puts a template there. `header`: a text, or a whole component; `buttons`: labels of quick
        replies."""
        components: list[Json] = [{"type": "BODY", "text": body}]
        if header is not None:
            plain = {"type": "HEADER", "format": "TEXT", "text": header}
            components.insert(0, plain if isinstance(header, str) else header)
        if footer is not None:
            components.append({"type": "FOOTER", "text": footer})
        if buttons:
            quick = [{"type": "QUICK_REPLY", "text": label} for label in buttons]
            components.append({"type": "BUTTONS", "buttons": quick})
        new = {"name": name, "language": language, "category": category, "components": components}
        shape = "NAMED" if any(not hole.strip().isdecimal() for hole in _holes(body)) else "POSITIONAL"
        await self.call("POST", "/templates", new | {"status": status, "parameter_format": shape})

    async def templates(self) -> list[Json]:
        """All of them, as the business sees them: name, language, status."""
        path, head = f"/v24.0/{self.account.waba_id}/message_templates", f"Bearer {self.account.token}"
        query = {"fields": "name,language,status", "limit": "250"}
        answer = await self._http.get(path, params=query, headers={"Authorization": head})
        return list(answer.json()["data"])

    async def review(self, name: str, status: str, *, language: str = "id", reason: str = "NONE") -> None:
        """A template becomes APPROVED, REJECTED, PAUSED, …; the webhook is told."""
        await self.call("PUT", f"/templates/{name}/{language}", {"status": status, "reason": reason})

    async def fail(self, wamid: str, code: int) -> None:
        """A message that was accepted fails after all."""
        await self.call("POST", "/failures", {"id": wamid, "code": code})

    async def notify_quality(self, event: str, limit: str) -> None:
        await self.call("POST", "/notices", {"quality": event, "limit": limit})

    async def notify_account(self, event: str, **more: Any) -> None:
        await self.call("POST", "/notices", {"account": event, "more": more})

    # --- webhooks ------------------------------------------------------------------------------

    async def listen(self, url: str, *, verify: bool = False) -> None:
        """Webhooks go there. `verify`: only after the handshake; SimulatorError if that fails."""
        await self.call("PUT", "/webhook", {"url": url, "verify": verify})

    async def pause(self, paused: bool = True) -> None:
        """Webhooks wait, to leave in one burst."""
        await self.call("PUT", "/webhook", {"paused": paused})

    async def settled(self, seconds: float = SECONDS) -> None:
        """Waits until every webhook that is due was answered. Raises SimulatorError if that takes longer."""
        if not await self.call("GET", "/settled", query={"wait": seconds}, seconds=seconds):
            raise SimulatorError(f"webhooks are still under way after {seconds} s")

    async def notices(self, after: int = 0) -> list[Json]:
        """All webhooks so far, each with number, kind, entry, answers (HTTP statuses; 0: none), took
        (real seconds of each answer), given_up."""
        found: list[Json] = await self.call("GET", "/notices", query={"after": after})
        return found

    async def statuses(self, wamid: str) -> list[str]:
        """Which statuses of a message were put on their way, in that order."""
        values = [one["entry"]["changes"][0]["value"] for one in await self.notices()]
        told = [status for value in values for status in value.get("statuses", [])]
        return [str(status["status"]) for status in told if status["id"] == wamid]

    async def post(
        self, body: str, *, secret: str | None = None, signed: str | None = None
    ) -> tuple[int, str]:
        """Sends any body to the webhook at once: signed with `secret` (None: the right one), or with the
        given header value (`signed`; empty: no header). The webhook's HTTP status and text."""
        value = signature(secret or self.account.app_secret, body.encode()) if signed is None else signed
        headers = {"Content-Type": "application/json"} | ({SIGNATURE: value} if value else {})
        answer = await self.call("POST", "/webhook/raw", {"body": body, "headers": headers})
        return answer["status"], answer["text"]

    async def file(self, number: str) -> bytes:
        """The content of an uploaded file."""
        answer = await self._http.get(f"/simulator/files/{number}")
        return answer.content

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Json | None = None,
        seconds: float = SECONDS,
    ) -> Any:
        """One call of the control side. Raises SimulatorError with what it says."""
        answer = await self._http.request(
            method, f"/simulator{path}", json=body, params=query, timeout=seconds + 5
        )
        if answer.status_code != 200:
            raise SimulatorError(answer.json()["error"] if answer.status_code == 422 else answer.text)
        return answer.json()


def _holes(text: str) -> list[str]:
    return [part.split("}}")[0] for part in text.split("{{")[1:]]
