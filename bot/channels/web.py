"""The web side: the webhooks, and a page that says whether the bot is well."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram.types import Update
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels import whatsapp_web
from bot.channels.telegram import TelegramChannel
from bot.channels.whatsapp import WhatsappChannel

log = logging.getLogger(__name__)

WEBHOOK = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
BODY_BYTES = 1 << 20
"""A body larger than this is no update: texts have at most 4096 characters."""


def build_web(
    *,
    well: Callable[[], Awaitable[bool]],
    telegram: TelegramChannel | None = None,
    secret: str = "",
    whatsapp: WhatsappChannel | None = None,
    verify_token: str = "",
) -> Starlette:
    """`well`: whether the database answers. Without a channel there is only the health page; with `telegram`,
    `secret` must not be empty, with `whatsapp`, `verify_token`."""
    routes = [Route("/healthz", _health(well))]
    if telegram is not None:
        if not secret:
            raise ValueError("a webhook without a secret would take anybody's updates")
        routes.append(Route(WEBHOOK, _webhook(telegram, secret.encode()), methods=["POST"]))
    if whatsapp is not None:
        routes += whatsapp_web.routes(whatsapp, verify_token)
    return Starlette(routes=routes)


def _health(well: Callable[[], Awaitable[bool]]) -> Callable[[Request], Awaitable[Response]]:
    async def health(_: Request) -> Response:
        ok = await well()
        return JSONResponse({"ok": ok}, status_code=200 if ok else 503)

    return health


def _webhook(telegram: TelegramChannel, secret: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def webhook(request: Request) -> Response:
        """200: taken in (or already known). 401: not from Telegram. 400: no update. 413: too large.
        503: too busy, Telegram will send it again."""
        given = request.headers.get(SECRET_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(given, secret):
            return Response(status_code=401)
        body = await whatsapp_web.body_of(request, BODY_BYTES)
        if body is None:
            return Response(status_code=413)
        raw = _parse(body)
        if raw is None:
            return Response(status_code=400)
        if telegram.busy:
            return Response(status_code=503)
        return await _take(telegram, raw)

    return webhook


def _parse(body: bytes) -> dict[str, Any] | None:
    """The object with an update id; None if the body is none."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and isinstance(raw.get("update_id"), int) else None


async def _take(telegram: TelegramChannel, raw: dict[str, Any]) -> Response:
    try:
        update = Update.model_validate(raw, context={"bot": telegram.bot})
    except ValidationError as error:
        # A kind of update newer than this program: refused, Telegram would send it again and again.
        log.warning("an update of unknown shape is left out (%d mismatches)", error.error_count())
        return Response(status_code=200)
    await telegram.accept([update])
    return Response(status_code=200)
