"""Templates: the texts of policies/ that WhatsApp has to approve, submitted, looked up and filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pywa_async.api import GraphAPIAsync

from bot.channels.whatsapp_errors import Trouble, trouble_of
from bot.channels.whatsapp_replies import Outgoing
from bot.channels.whatsapp_text import plain
from bot.config import PREFIX, Whatsapp
from bot.model import Opening
from bot.policy.corpus import MessageTemplate
from bot.problems import Problem

UTILITY = "UTILITY"
NAMED = "NAMED"
FIELDS = ("name", "language", "status", "category", "components", "rejected_reason")
PAGE = 100

TOKEN_REFUSED = 190

LONGEST_VALUE = 160
"""Characters of what fills a hole."""
NOTHING = "–"
"""Fills a hole for which there is nothing to say: WhatsApp takes no empty one."""

REMEMBERED = 300.0
"""Seconds for which templates that were all well are not looked up again."""

REQUIRED = "circular"
"""The kind without which no campaign starts."""


class Stand(StrEnum):
    """How a template of policies/ stands at WhatsApp."""

    APPROVED = "approved"
    PENDING = "pending"  # under review
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    MISSING = "missing"
    DIFFERENT = "different"  # the text there is another one, or it is none for utility


_STANDS = {stand.value.upper(): stand for stand in Stand} | {
    "IN_APPEAL": Stand.REJECTED,
    "PENDING_DELETION": Stand.DISABLED,
    "DELETED": Stand.MISSING,
    "LIMIT_EXCEEDED": Stand.DISABLED,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """`reason`: why WhatsApp rejected it, in its own word; "": not said."""

    template: MessageTemplate
    stand: Stand
    reason: str = ""


class Templates:
    """`account`: the id of the WhatsApp Business account; None: nothing can be looked up. `wanted`: the
    templates of now. `clock`: seconds since 1970. `language`: of people for whose language there is none."""

    def __init__(
        self,
        api: GraphAPIAsync,
        account: str | None,
        wanted: Callable[[], Sequence[MessageTemplate]],
        clock: Callable[[], float],
        language: str = "id",
    ) -> None:
        self._api = api
        self._account = account
        self._wanted = wanted
        self._clock = clock
        self._language = language
        self._well: tuple[Sequence[MessageTemplate], float] | None = None

    # --- at WhatsApp ---

    async def seen(self) -> list[Seen]:
        """All templates of policies/. Raises Problem where WhatsApp does not tell."""
        there = {(one["name"], one["language"]): one for one in await self._listed()}
        return [_seen(one, there.get((one.name, one.language))) for one in self._wanted()]

    async def all_seen(self) -> list[Seen]:
        """As `seen`; raises Problem as well where policies/ lacks one that is needed."""
        if not any(one.kind == REQUIRED and one.language == self._language for one in self._wanted()):
            raise Problem("whatsapp.template_none")
        return await self.seen()

    async def check(self) -> None:
        """Raises Problem for the first template that cannot be used, with what to do about it."""
        wanted = self._wanted()
        if self._well is not None and self._well[0] == wanted and self._clock() < self._well[1] + REMEMBERED:
            return
        for one in await self.all_seen():
            if one.stand is not Stand.APPROVED:
                raise Problem(
                    f"whatsapp.template_{one.stand.value}",
                    name=one.template.name,
                    language=one.template.language,
                    reason=one.reason or NOTHING,
                )
        self._well = wanted, self._clock()

    def forget(self) -> None:
        """WhatsApp has changed something: the next check looks."""
        self._well = None

    async def push(self) -> list[Seen]:
        """Submits what is missing; how all stand then. Raises Problem where WhatsApp refuses one."""
        for one in await self.seen():
            if one.stand is Stand.MISSING:
                await self._call(self._api.create_template(self._needed, submission(one.template)))
        self.forget()
        return await self.seen()

    async def _listed(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            page: dict[str, Any] = {"limit": PAGE} | ({"after": after} if after else {})
            answer = await self._call(self._api.get_templates(self._needed, FIELDS, pagination=page))
            found += answer.get("data", [])
            paging = answer.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
            if not after:
                return found

    async def _call(self, call: Any) -> dict[str, Any]:
        try:
            answer = await call
        except Exception as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            raise _problem(trouble) from error
        return answer if isinstance(answer, dict) else {}

    @property
    def _needed(self) -> str:
        """Raises Problem where the setting is missing."""
        if self._account is None:
            raise Problem(
                "setting.missing", setting=f"{PREFIX}WHATSAPP__ACCOUNT_ID", example="102290129340398"
            )
        return self._account

    # --- sending ---

    def message(self, opening: Opening) -> Outgoing | None:
        """None: policies/ has no such template in this language or the usual one."""
        found = {one.language: one for one in self._wanted() if one.kind == opening.kind}
        template = found.get(opening.language) or found.get(self._language)
        return filled(template, opening) if template is not None else None


def build_templates(
    api: GraphAPIAsync,
    settings: Whatsapp,
    wanted: Callable[[], Sequence[MessageTemplate]],
    clock: Callable[[], float],
) -> Templates:
    return Templates(api, settings.account_id, wanted, clock)


def _problem(trouble: Trouble) -> Problem:
    if not trouble.code:
        return Problem("whatsapp.no_answer")
    if trouble.code == TOKEN_REFUSED:
        return Problem("whatsapp.token_refused")
    return Problem("whatsapp.templates_unseen", code=trouble.code)


def _seen(wanted: MessageTemplate, there: Mapping[str, Any] | None) -> Seen:
    if there is None:
        return Seen(wanted, Stand.MISSING)
    stand = _STANDS.get(str(there.get("status", "")).upper(), Stand.PENDING)
    reason = str(there.get("rejected_reason") or "")
    if stand in (Stand.APPROVED, Stand.PENDING) and _differs(wanted, there):
        return Seen(wanted, Stand.DIFFERENT)
    return Seen(wanted, stand, "" if reason == "NONE" else reason)


def _differs(wanted: MessageTemplate, there: Mapping[str, Any]) -> bool:
    components = {str(one.get("type", "")).upper(): one for one in there.get("components", ())}
    body = components.pop("BODY", {}).get("text", "")
    labels = [one.get("text") for one in components.pop("BUTTONS", {}).get("buttons", ())]
    category = str(there.get("category", UTILITY)).upper()
    same = (body, labels, category) == (wanted.body, [wanted.button], UTILITY)
    return not same or bool(components)


def submission(template: MessageTemplate) -> dict[str, Any]:
    """What WhatsApp is given to review."""
    samples = [{"param_name": name, "example": value} for name, value in template.samples.items()]
    return {
        "name": template.name,
        "language": template.language,
        "category": UTILITY,
        "parameter_format": NAMED,
        "components": [
            {"type": "BODY", "text": template.body, "example": {"body_text_named_params": samples}},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": template.button}]},
        ],
    }


def filled(template: MessageTemplate, opening: Opening) -> Outgoing:
    values = dict(opening.values)
    parameters = [
        {"type": "text", "parameter_name": name, "text": fitting(values.get(name, ""))}
        for name in template.samples
    ]
    button = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": opening.action}],
    }
    content = {
        "name": template.name,
        "language": {"code": template.language},
        "components": [{"type": "body", "parameters": parameters}, button],
    }
    return Outgoing("template", content)


def fitting(value: str) -> str:
    """On one line, without markup, not too long, never empty."""
    line = " ".join(plain(value).split())
    return (line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1].rstrip()}…") or NOTHING
