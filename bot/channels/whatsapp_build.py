"""Makes the WhatsApp channel of the settings and the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from pydantic import SecretStr

from bot.catalogues import DEFAULT_LANGUAGE
from bot.channels.port import Counter, Unreachable
from bot.channels.whatsapp import Told, WhatsappChannel, command_words
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_ports import Accounts, Webhooks
from bot.channels.whatsapp_replies import Wording
from bot.channels.whatsapp_sending import NAME, Calls, Pace, Sending
from bot.config import PREFIX, Whatsapp
from bot.problems import Problem
from bot.rendering.texts import Texts

WORDS = "whatsapp.words_"
"""Keys under which the catalogues list what people type for a command."""

EXAMPLES = {
    "token": "EAAG…",
    "phone_id": "106540352242922",
    "app_secret": "0123456789abcdef…",
    "verify_token": "openssl rand -hex 16",
}


class Ledger(Protocol):
    """What the channel needs of the store."""

    @property
    def profiles(self) -> Any: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def whatsapp_accounts(self) -> Accounts: ...

    async def unreachable_on(self, channel: str) -> Unreachable: ...


def check(settings: Whatsapp) -> None:
    """Raises `Problem` for the first setting that is missing."""
    for name, example in EXAMPLES.items():
        if not getattr(settings, name):
            setting = f"{PREFIX}WHATSAPP__{name.upper()}"
            raise Problem("setting.missing", setting=setting, example=example)


def build_calls(settings: Whatsapp) -> Calls:
    """Raises `Problem` for a setting that is missing."""
    check(settings)
    return Calls(build_client(secret(settings.token), settings.phone_id or "", settings.api_base))


async def build_whatsapp(
    settings: Whatsapp,
    desk: Counter,
    store: Ledger,
    catalogues: Mapping[str, Texts],
    *,
    calls: Calls | None = None,
    told: Told | None = None,
    answering: Callable[[], AbstractContextManager[object]] = nullcontext,
    pace: Pace | None = None,
) -> WhatsappChannel:
    """`calls`: to be shared with the sender of campaigns; the channel closes them. `told`: gets the statuses
    of messages and notices about the account. Raises `Problem` for a setting that is missing."""
    check(settings)
    unreachable = await store.unreachable_on(NAME)
    sending = Sending(
        calls or build_calls(settings),
        store.whatsapp_accounts,
        unreachable,
        wording_by(store, catalogues),
        pace,
    )
    return WhatsappChannel(
        desk,
        store.webhooks,
        store.whatsapp_accounts,
        unreachable,
        sending,
        phone_id=settings.phone_id or "",
        secret=secret(settings.app_secret),
        words=words_in(catalogues),
        told=told,
        answering=answering,
    )


def wording_by(store: Ledger, catalogues: Mapping[str, Texts]) -> Callable[[str], Awaitable[Wording]]:
    """The words around choices in the language that a person has chosen."""

    async def wording(external_id: str) -> Wording:
        profile = await store.profiles.get(NAME, external_id)
        chosen = profile.language if profile else None
        return wording_of(catalogues.get(chosen or "") or catalogues[DEFAULT_LANGUAGE])

    return wording


def wording_of(texts: Texts) -> Wording:
    return Wording(texts("whatsapp.choose"), texts("whatsapp.more"))


def words_in(catalogues: Mapping[str, Texts]) -> dict[str, str]:
    """What people type for a command, in any language; the default language first."""
    ordered = sorted(catalogues.values(), key=lambda texts: texts.language != DEFAULT_LANGUAGE)
    return command_words(
        (key.removeprefix(WORDS), entry)
        for texts in ordered
        for key, entry in texts.entries.items()
        if key.startswith(WORDS)
    )


def secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
