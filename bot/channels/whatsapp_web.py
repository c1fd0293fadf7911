"""WhatsApp's webhook: the handshake, and bodies that are taken in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.whatsapp import Taken, WhatsappChannel
from bot.channels.whatsapp_signing import same, signed

WEBHOOK = "/whatsapp/webhook"
SIGNATURE = "X-Hub-Signature-256"
BODY_BYTES = 3 << 20
"""WhatsApp sends at most 3 MiB at once."""

STATUS = {Taken.NEW: 200, Taken.KNOWN: 403, Taken.BUSY: 503}
"""A body that was taken before is refused. WhatsApp may then send it once more, to no effect; a new body with
a message that was handled before is taken, and nothing happens."""


def routes(channel: WhatsappChannel, verify_token: str) -> list[Route]:
    """`verify_token` must not be empty."""
    if not verify_token:
        raise ValueError("a handshake without a token would let anybody claim the webhook")
    return [
        Route(WEBHOOK, _handshake(verify_token), methods=["GET"]),
        Route(WEBHOOK, _webhook(channel), methods=["POST"]),
    ]


def _handshake(verify_token: str) -> Callable[[Request], Awaitable[Response]]:
    async def handshake(request: Request) -> Response:
        """200 with the challenge, or 403."""
        asked = request.query_params
        given, challenge = asked.get("hub.verify_token", ""), asked.get("hub.challenge")
        ours = same(given, verify_token)
        if not ours or asked.get("hub.mode") != "subscribe" or challenge is None:
            return Response(status_code=403)
        return PlainTextResponse(challenge)

    return handshake


def _webhook(channel: WhatsappChannel) -> Callable[[Request], Awaitable[Response]]:
    async def webhook(request: Request) -> Response:
        """200: kept. 403: not from WhatsApp, or taken before. 413: too large. 503: too busy, or the ledger
        does not take it; WhatsApp will send it again."""
        header = request.headers.get(SIGNATURE)
        if not header:
            return Response(status_code=403)
        try:
            body = await body_of(request, BODY_BYTES)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        mark = channel.mark(body)
        if not signed(mark, header):
            return Response(status_code=403)
        return Response(status_code=STATUS[await channel.accept(mark, body)])

    return webhook


async def body_of(request: Request, most: int) -> bytes | None:
    """The body; None as soon as it grows too large, whatever its header announces."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
