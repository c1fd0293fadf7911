"""`edaran doctor`: looks at everything that a bot needs, changes nothing, and says of each how to repair it.

No token, secret or password is ever part of what it says.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.app import corpus_of, mind, now, seconds
from bot.channels.web import WEBHOOK
from bot.config import Settings
from bot.policy.problems import PolicyError
from bot.problems import Problem
from bot.rendering.texts import Texts
from bot.storage.engine import open_engine
from bot.storage.key_files import OTHERS
from bot.storage.migrate import newest, version_of
from bot.storage.trouble import problem_of

if TYPE_CHECKING:
    from bot.channels.whatsapp_templates import Seen
    from bot.policy.corpus import MessageTemplate

TIMEOUT = 10.0
OFF = 30.0
"""Seconds by which a clock may differ: answers name minutes."""

RECENT = 3_600
"""Seconds for which an error that Telegram had with the webhook is worth a word."""

TELEGRAM = "https://api.telegram.org"
GRAPH = "https://graph.facebook.com"
GRAPH_VERSION = "v23.0"


class State(StrEnum):
    WELL = "well"
    WRONG = "wrong"
    NOT_SET = "not_set"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what`: was looked at ("database"). `said`: a sentence, with the repair where something is wrong."""

    what: str
    state: State
    said: str


Look = Callable[[], Awaitable[Finding | Sequence[Finding]]]


class Doctor:
    """`settings`: as loaded; `web`: asks other machines; `graph`: WhatsApp's, None: the usual way."""

    def __init__(
        self,
        settings: Settings,
        policies: Path,
        texts: Texts,
        web: httpx.AsyncClient,
        graph: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._policies = policies
        self._texts = texts
        self._web = web

    async def examine(self) -> AsyncIterator[Finding]:
        """One after the other, as they are known."""
        looks: dict[str, Look] = {
            "policies": self._policies_load,
            "database": self._database,
            "keys": self._keys,
            "telegram": self._telegram,
            "telegram_webhook": self._telegram_webhook,
            "whatsapp": self._whatsapp,
            "whatsapp_templates": self._whatsapp_templates,
            "clock": self._clock,
        }
        for what, look in looks.items():
            try:
                found = await look()
                for one in (found,) if isinstance(found, Finding) else found:
                    yield one
            except Problem as problem:
                yield Finding(what, State.WRONG, problem.line(self._texts))

    def _found(self, what: str, state: State, key: str, **values: object) -> Finding:
        return Finding(what, state, self._texts(f"doctor.{key}", **values))

    # --- on this machine ---

    async def _policies_load(self) -> Finding:
        try:
            engine, _ = await asyncio.to_thread(mind, self._policies)
        except PolicyError as error:
            return self._found("policies", State.WRONG, "policies_broken", count=len(error.problems))
        count = len(engine.corpus.circulars)
        return self._found("policies", State.WELL, "policies", count=count, folder=self._policies)

    async def _database(self) -> Finding:
        url = make_url(self._settings.database.url)
        where = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
            return self._found("database", State.WELL, "database_new", where=where)
        engine = open_engine(self._settings.database.url)
        try:
            async with asyncio.timeout(TIMEOUT), engine.connect() as connection:
                version = await connection.run_sync(version_of)
        except TimeoutError:
            return self._found("database", State.WRONG, "no_answer", where=where, reason="")
        except SQLAlchemyError as error:
            raise problem_of(error) from error
        finally:
            await engine.dispose()
        if version is None:
            return self._found("database", State.WELL, "database_new", where=where)
        if version != newest():
            return self._found("database", State.WRONG, "database_version", found=version, needed=newest())
        return self._found("database", State.WELL, "database", where=where, version=version)

    async def _keys(self) -> Finding:
        files = (self._settings.evidence.key, self._settings.subscriptions.key)
        for path in files:
            if path.exists() and os.name == "posix" and path.stat().st_mode & OTHERS:
                raise Problem("evidence.key_open", path=path)
            if not path.exists() and not _can_be_made(path):
                return self._found("keys", State.WRONG, "no_folder", path=path)
        return self._found("keys", State.WELL, "keys", files=", ".join(map(str, files)))

    # --- other machines ---

    @contextmanager
    def _asking(self, where: str) -> Iterator[None]:
        """A network that fails says where, and nothing of the address that could be secret."""
        try:
            yield
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise Problem("doctor.no_answer", where=where, reason=type(error).__name__) from None

    async def _bot_api(self, method: str) -> dict[str, Any]:
        base = (self._settings.telegram.api_base or TELEGRAM).rstrip("/")
        with self._asking(base):
            answer = await self._web.post(f"{base}/bot{self._settings.telegram_token()}/{method}")
        if answer.status_code in (401, 404):
            raise Problem("setting.token_refused", setting="EDARAN_TELEGRAM__TOKEN")
        body = _json(answer)
        if not isinstance(body.get("result"), dict):
            raise Problem("doctor.no_answer", where=base, reason=str(answer.status_code))
        return dict(body["result"])

    async def _telegram(self) -> Finding:
        if self._settings.telegram.token is None:
            return self._found("telegram", State.NOT_SET, "not_set", setting="EDARAN_TELEGRAM__TOKEN")
        me = await self._bot_api("getMe")
        return self._found("telegram", State.WELL, "telegram", name=me.get("username", "?"))

    async def _telegram_webhook(self) -> Finding:
        telegram, what = self._settings.telegram, "telegram_webhook"
        if telegram.token is None or telegram.webhook_url is None:
            setting = "EDARAN_TELEGRAM__WEBHOOK_URL"
            return self._found(what, State.NOT_SET, "not_set", setting=setting)
        if telegram.webhook_secret is None:
            self._settings.webhook_secret()  # says what is missing
        ours = telegram.webhook_url.rstrip("/") + WEBHOOK
        told = await self._bot_api("getWebhookInfo")
        if told.get("url") != ours:
            found = str(told.get("url") or "–")
            return self._found(what, State.WRONG, "webhook_other", found=found, ours=ours)
        if told.get("last_error_date", 0) > now().timestamp() - RECENT:
            reason = str(told.get("last_error_message", ""))
            waiting = told.get("pending_update_count", 0)
            return self._found(what, State.WRONG, "webhook_failing", reason=reason, waiting=waiting)
        return await self._reached(what, telegram.webhook_url)

    async def _reached(self, what: str, address: str) -> Finding:
        """Whether the bot answers under its public address."""
        health = address.rstrip("/") + "/healthz"
        with self._asking(health):
            answer = await self._web.get(health)
        if answer.status_code != 200:
            raise Problem("doctor.no_answer", where=health, reason=str(answer.status_code))
        return self._found(what, State.WELL, "webhook", address=address)

    async def _whatsapp(self) -> Finding:
        what, whatsapp = "whatsapp", self._settings.whatsapp
        given = {
            "TOKEN": whatsapp.token,
            "PHONE_ID": whatsapp.phone_id,
            "APP_SECRET": whatsapp.app_secret,
            "VERIFY_TOKEN": whatsapp.verify_token,
        }
        missing = [f"EDARAN_WHATSAPP__{name}" for name, value in given.items() if value is None]
        if len(missing) == len(given):
            return self._found(what, State.NOT_SET, "not_set", setting=missing[0])
        if missing:
            return self._found(what, State.WRONG, "missing", settings=", ".join(missing))
        assert whatsapp.token is not None
        base = (whatsapp.api_base or GRAPH).rstrip("/")
        head = {"Authorization": f"Bearer {whatsapp.token.get_secret_value()}"}
        with self._asking(base):
            answer = await self._web.get(f"{base}/{GRAPH_VERSION}/{whatsapp.phone_id}", headers=head)
        if answer.status_code in (401, 403):
            raise Problem("whatsapp.token_refused")
        if answer.status_code != 200:
            return self._found(what, State.WRONG, "phone_unknown", status=answer.status_code)
        shown = _json(answer).get("display_phone_number", "?")
        return self._found(what, State.WELL, "whatsapp", number=shown)

    async def _whatsapp_templates(self) -> Sequence[Finding]:
        """Without its settings WhatsApp is told of already, and so are policies/ that are broken."""
        if self._settings.whatsapp.token is None or self._settings.whatsapp.phone_id is None:
            return ()
        try:
            wanted = (await asyncio.to_thread(corpus_of, self._policies)).templates
        except PolicyError:
            return ()
        try:
            async with asyncio.timeout(TIMEOUT):
                seen = await self._seen(wanted)
        except TimeoutError:
            raise Problem("whatsapp.no_answer") from None
        return [self._stood(stand, seen) for stand in sorted({one.stand.value for one in seen})]

    async def _seen(self, wanted: Sequence[MessageTemplate]) -> Sequence[Seen]:
        from bot.channels.whatsapp_build import secret  # with pywa, which nothing else here needs
        from bot.channels.whatsapp_client import build_client
        from bot.channels.whatsapp_sending import Calls
        from bot.channels.whatsapp_templates import build_templates

        whatsapp = self._settings.whatsapp
        token, number = secret(whatsapp.token), whatsapp.phone_id or ""
        client = build_client(token, number, whatsapp.api_base, transport=self._graph)
        try:
            return await build_templates(client.api, whatsapp, lambda: wanted, seconds).all_seen()
        finally:
            await Calls(client).close()

    def _stood(self, stand: str, seen: Sequence[Seen]) -> Finding:
        """All templates that stand alike."""
        names: dict[str, list[str]] = {}
        alike = [one for one in seen if one.stand.value == stand]
        for one in alike:
            word = f"{one.template.language}: {one.reason}" if one.reason else one.template.language
            names.setdefault(one.template.name, []).append(word)
        told = ", ".join(f"{name} ({', '.join(words)})" for name, words in names.items())
        state = State.WELL if stand == "approved" else State.WRONG
        return self._found("whatsapp_templates", state, f"templates_{stand}", names=told, count=len(alike))

    async def _clock(self) -> Finding:
        """Compared with the first channel that is set up: answers depend on the hour."""
        whatsapp, telegram = self._settings.whatsapp, self._settings.telegram
        if telegram.token is not None:
            base = telegram.api_base or TELEGRAM
        elif whatsapp.token is not None:
            base = whatsapp.api_base or GRAPH
        else:
            return self._found("clock", State.NOT_SET, "clock_alone", clock=f"{now():%H:%M %Z}")
        with self._asking(base):
            answer = await self._web.head(base)
        try:
            theirs = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            raise Problem("doctor.no_date", where=base) from None
        off = abs((now() - theirs).total_seconds())
        if off > OFF:
            return self._found("clock", State.WRONG, "clock_off", seconds=round(off), where=base)
        return self._found("clock", State.WELL, "clock", zone=now().tzname())


def _can_be_made(path: Path) -> bool:
    folder = next(one for one in path.absolute().parents if one.exists())
    return folder.is_dir() and os.access(folder, os.W_OK)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@asynccontextmanager
async def doctor(settings: Settings, policies: Path, texts: Texts) -> AsyncIterator[Doctor]:
    async with httpx.AsyncClient(timeout=TIMEOUT) as web:
        yield Doctor(settings, policies, texts, web)
