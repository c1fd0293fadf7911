"""Settings, from EDARAN_… variables or a .env file. Secrets do not print.

EDARAN_DATABASE__URL is `Settings().database.url`, and so on. A wrong setting raises `Problem`, which names
it and the repair but not its value: that may be a secret.
"""

from __future__ import annotations

import re
from datetime import time
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.campaigns.reminding import Plan
from bot.campaigns.tariff import Tariff
from bot.people.codes import VALID_DAYS
from bot.problems import Problem

PREFIX = "EDARAN_"
DATABASE_URL = re.compile(r"(sqlite(\+aiosqlite)?:///?|postgresql(\+\w+)?://)\S*")


def _matches(pattern: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(secret: SecretStr) -> SecretStr:
        if compiled.fullmatch(secret.get_secret_value()) is None:
            raise ValueError("wrong form")
        return secret

    return AfterValidator(check)


BotToken = Annotated[SecretStr, _matches(r"\d+:[\w-]+")]
WebhookSecret = Annotated[SecretStr, _matches(r"[A-Za-z0-9_-]{1,256}")]
"""The characters that Telegram takes for `secret_token`."""
Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")]
Channel = Literal["telegram", "whatsapp"]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("twice the same")
    return names


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Database(_Group):
    url: Annotated[str, Field(pattern=DATABASE_URL)] = "sqlite:///data/edaran.db"
    """A path after three slashes counts from the folder in which the program starts."""


class Telegram(_Group):
    token: BotToken | None = None
    api_base: Address | None = None
    """A Bot API server other than Telegram's, as aiogram's `TelegramAPIServer.from_base` takes it."""
    webhook_secret: WebhookSecret | None = None
    webhook_url: Address | None = None
    """Where Telegram reaches this server; None: somebody else announces the webhook."""
    rate: Annotated[float, Field(gt=0, le=1000)] = 30.0
    """Messages a second to many people, all together."""


class Whatsapp(_Group):
    token: SecretStr | None = None
    phone_id: str | None = None
    app_secret: SecretStr | None = None
    verify_token: SecretStr | None = None
    api_base: Address | None = None
    rate: Annotated[float, Field(gt=0, le=1000)] = 80.0
    """Messages a second to many people, all together."""
    account_id: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    """Of the WhatsApp Business account that owns the number: its templates are looked up there."""
    price: Annotated[int, Field(ge=0)] = 0
    """Whole rupiah for one utility message outside the 24 hours."""
    ceiling: Annotated[int, Field(ge=0)] | None = None
    """Whole rupiah for one campaign, then it pauses; None: no ceiling."""

    def tariff(self) -> Tariff:
        return Tariff(self.price, self.ceiling)


class Channels(_Group):
    """For people with accounts on several."""

    preferred: Annotated[tuple[Channel, ...], Field(min_length=1), AfterValidator(_each_once)] = (
        "telegram",
        "whatsapp",
    )
    """Written to first; the others after a failure, or when reminders stay without an answer."""
    other_after: Annotated[int, Field(ge=1, le=365)] = 3
    """Days without an acknowledgment after which reminders go by the other channel."""


class Evidence(_Group):
    key: Path = Path("data/evidence.key")
    """The private key that signs the evidence, made on first use. Its copy belongs in a safe, not in a backup
    beside the database."""


Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(_Group):
    """Days for which things are kept; a daily job removes what is older."""

    handled_updates: Days = 3
    """Telegram repeats an update for a day at most."""
    webhooks: Days = 8
    """What WhatsApp sent, worked off or not, and the names of accounts that are nobody's; WhatsApp repeats it
    for a week at most."""
    codes: Days = 30
    """After use, revocation or expiry."""
    code_tries: Days = 2
    """After the last wrong code."""
    access_log: Days = 1_825
    counters: Days = 730
    guests: Days = 365
    """Profiles of people who are not of the roster, since their last use; chats that cannot be reached."""
    leavers: Days = 1_825
    """After a person left, what tells who she was; acknowledgments keep referring to her entry."""


class Codes(_Group):
    """The one-time codes that unit admins hand over."""

    days: Annotated[int, Field(ge=1, le=90)] = VALID_DAYS
    """For which a code is valid, where nothing else is said when it is issued."""


Offset = Annotated[int, Field(ge=-60, le=60)]
Level = Annotated[int, Field(ge=1, le=60)]
_PLAN = Plan()


def _one_after_another(days: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ValueError("not in order")
    return days


class Reminders(_Group):
    """Working days before (negative), on (0) and after the due day. An empty list: nobody is reminded, or
    told of the overdue."""

    offsets: Annotated[tuple[Offset, ...], AfterValidator(_one_after_another)] = _PLAN.offsets
    escalations: Annotated[tuple[Level, ...], AfterValidator(_one_after_another)] = _PLAN.escalations
    """After the due day: when the head of the unit, the next level up, … are told."""
    opens: time = _PLAN.fallback[0]
    """This and the next: when one may write to people whose hours nobody knows."""
    closes: time = _PLAN.fallback[1]

    def plan(self) -> Plan:
        return Plan(self.offsets, self.escalations, (self.opens, self.closes))


class Subscriptions(_Group):
    """Who is told when a rule changes on which an answer rested."""

    key: Path = Path("data/subscriptions.key")
    """The secret without which nobody can tell who asked what; it signs the codes of assemblies too. Made on
    first use. Without its copy a restored database has forgotten all subscriptions."""
    days: Annotated[int, Field(ge=1, le=365)] = 30


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database: Database = Database()
    telegram: Telegram = Telegram()
    whatsapp: Whatsapp = Whatsapp()
    channels: Channels = Channels()
    evidence: Evidence = Evidence()
    retention: Retention = Retention()
    codes: Codes = Codes()
    reminders: Reminders = Reminders()
    subscriptions: Subscriptions = Subscriptions()

    def telegram_token(self) -> str:
        """Raises `Problem` if there is none."""
        return _required(self.telegram.token, "TELEGRAM__TOKEN", "123456789:AA…")

    def webhook_secret(self) -> str:
        """Raises `Problem` if there is none: anybody could send updates."""
        return _required(self.telegram.webhook_secret, "TELEGRAM__WEBHOOK_SECRET", "openssl rand -hex 32")


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings of this process. Raises `Problem` for the first wrong one."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # named by pydantic-settings only
    except ValidationError as error:
        raise _problem(error.errors(include_input=False, include_url=False)[0]) from None
    except SettingsError as error:
        group = PREFIX + (re.findall(r'field "(\w+)"', str(error)) or ["?"])[0].upper()
        raise Problem("setting.wrong", setting=group, form=f"{group}__…") from None


def _required(secret: SecretStr | None, name: str, example: str) -> str:
    if secret is None:
        raise Problem("setting.missing", setting=PREFIX + name, example=example)
    return secret.get_secret_value()


def _problem(error: ErrorDetails) -> Problem:
    names = [part for part in error["loc"] if isinstance(part, str)]  # not the place in a list
    setting = PREFIX + "__".join(names).upper()
    if error["type"] != "extra_forbidden":
        form = DAYS_FORM if names[0] == "retention" else FORMS.get(setting, "")
        return Problem("setting.wrong", setting=setting, form=form)
    near = get_close_matches(setting, list(_known()), n=1, cutoff=0.6)
    return Problem("setting.unknown", setting=setting, near=near[0] if near else ", ".join(_known()))


def _known() -> list[str]:
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    return [
        f"{PREFIX}{name}__{entry}".upper()
        for name, group in groups.items()
        if isinstance(group, type) and issubclass(group, BaseModel)
        for entry in group.model_fields
    ]


FORMS = {
    "EDARAN_DATABASE__URL": "sqlite:///data/edaran.db, postgresql://…",
    "EDARAN_TELEGRAM__TOKEN": "123456789:AA…",
    "EDARAN_TELEGRAM__API_BASE": "https://api.telegram.org",
    "EDARAN_TELEGRAM__WEBHOOK_SECRET": "A-Z a-z 0-9 _ - (1–256)",
    "EDARAN_TELEGRAM__WEBHOOK_URL": "https://bot.example.go.id",
    "EDARAN_TELEGRAM__RATE": "1–1000",
    "EDARAN_WHATSAPP__API_BASE": "https://graph.facebook.com",
    "EDARAN_WHATSAPP__RATE": "1–1000",
    "EDARAN_WHATSAPP__ACCOUNT_ID": "102290129340398",
    "EDARAN_WHATSAPP__PRICE": "0, 1, …",
    "EDARAN_WHATSAPP__CEILING": "0, 1, …",
    "EDARAN_CHANNELS__PREFERRED": '["telegram", "whatsapp"]',
    "EDARAN_CHANNELS__OTHER_AFTER": "1–365",
    "EDARAN_REMINDERS__OFFSETS": "[-3, -1, 0, 1, 3, 7]",
    "EDARAN_REMINDERS__ESCALATIONS": "[2, 5, 10]",
    "EDARAN_REMINDERS__OPENS": "08:00",
    "EDARAN_REMINDERS__CLOSES": "15:00",
    "EDARAN_SUBSCRIPTIONS__DAYS": "1–365",
    "EDARAN_CODES__DAYS": "1–90",
}
"""What a right value looks like, shown when one is wrong."""

DAYS_FORM = "1–36500"
