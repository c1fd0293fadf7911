"""The side that a program calls: the part of the Graph API that a chatbot uses."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from email.message import Message as Mime
from email.parser import BytesParser
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.simulating.errors import GraphError, Json
from bot.simulating.simulation import Simulation
from bot.simulating.templates import Template

Handler = Callable[[Request], Awaitable[Response]]

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
BIGGEST = {"image/": 5 << 20, "audio/": 16 << 20, "video/": 16 << 20, "": 100 << 20}
"""Bytes of an uploaded file, by how its MIME type begins."""
TIERS = {250: "TIER_250", 2000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}


class Unversioned:
    """Takes the version off the path: every version answers alike."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = VERSION.sub("", scope["path"])
            scope = dict(scope) | {"path": path if path == "/" else path.rstrip("/")}
        await self._app(scope, receive, send)


class Graph:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def routes(self) -> list[Route]:
        return [
            self._route("/oauth/access_token", self._app_token, "GET", open_to_all=True),
            self._route("/files/{id}", self._download, "GET"),
            self._route("/{id}/messages", self._message, "POST"),
            self._route("/{id}/media", self._upload, "POST"),
            self._route("/{id}/message_templates", self._template_list, "GET"),
            self._route("/{id}/message_templates", self._template_new, "POST"),
            self._route("/{id}/message_templates", self._template_gone, "DELETE"),
            self._route("/{id}/subscribed_apps", self._subscriptions, "GET"),
            self._route("/{id}/subscribed_apps", self._subscribe, "POST"),
            self._route("/{id}/subscribed_apps", self._unsubscribe, "DELETE"),
            self._route("/{id}/subscriptions", self._subscribe_app, "POST", open_to_all=True),
            self._route("/{id}/phone_numbers", self._numbers, "GET"),
            self._route("/{id}", self._object, "GET"),
            self._route("/{id}", self._change, "POST"),
            self._route("/{id}", self._delete, "DELETE"),
        ]

    def _route(self, path: str, handler: Handler, method: str, *, open_to_all: bool = False) -> Route:
        """`open_to_all`: the call brings its own proof, not the bearer token."""

        async def endpoint(request: Request) -> Response:
            try:
                if not open_to_all:
                    self._check_token(request.headers.get("authorization", "").removeprefix("Bearer "))
                return await handler(request)
            except GraphError as error:
                return JSONResponse(error.envelope("A" + secrets.token_urlsafe(16)), error.status)
            finally:
                self._simulation.bell.ring()

        return Route(path, endpoint, methods=[method])

    # --- messages and files --------------------------------------------------------------------

    async def _message(self, request: Request) -> Response:
        simulation, body = self._simulation, await _json(request)
        self._expect(request, simulation.cloud.account.phone_id)
        if isinstance(body, dict) and body.get("status") == "read":
            simulation.cloud.mark_read(body)
            return JSONResponse({"success": True})
        faults = simulation.cloud.acting
        answer = simulation.cloud.send(body, simulation.now)
        if faults.slow:
            simulation.bell.ring()
            await asyncio.sleep(faults.slow)
        if faults.lost_answers:
            return PlainTextResponse("upstream connect error", 502)
        return JSONResponse(answer)

    async def _upload(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.phone_id)
        parts = _parts(request.headers.get("content-type", ""), await request.body())
        part = parts.get("file")
        if part is None or "messaging_product" not in parts:
            raise GraphError(100, "the parameters file and messaging_product are required")
        kind = part.get_content_type()
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        limit = next(size for start, size in BIGGEST.items() if kind.startswith(start))
        if not content or len(content) > limit:
            raise GraphError(131053, f"{len(content)} bytes of {kind}; 1 to {limit} are taken")
        return JSONResponse({"id": self._simulation.cloud.upload(kind, content, part.get_filename()).id})

    async def _download(self, request: Request) -> Response:
        file = self._simulation.cloud.files.get(request.path_params["id"])
        if file is None:
            raise HTTPException(404)
        return Response(file.content, media_type=file.mime_type)

    # --- templates -----------------------------------------------------------------------------

    async def _template_list(self, request: Request) -> Response:
        """Filtered as the query asks: name (or part of it), status, language, category."""
        self._expect(request, self._simulation.cloud.account.waba_id)
        query, all_of_them = request.query_params, self._simulation.cloud.templates.all
        found = [one for one in all_of_them.values() if _fits(one, query)]
        summary = {
            "total_count": len(found),
            "message_template_count": len(all_of_them),
            "message_template_limit": 250,
            "are_translations_complete": True,
        }
        data = [_chosen(one.described(), query.get("fields")) for one in found]
        return JSONResponse({"data": data, "paging": {}, "summary": summary})

    async def _template_new(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.waba_id)
        new = self._simulation.cloud.submit_template(await _json(request))
        return JSONResponse({"id": new.id, "status": new.status, "category": new.category})

    async def _template_gone(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.waba_id)
        name, templates = request.query_params.get("name"), self._simulation.cloud.templates.all
        gone = [key for key in templates if key[0] == name]
        if not gone:
            raise GraphError(100, f"there is no template {name}", 2593002)
        for key in gone:
            del templates[key]
        return JSONResponse({"success": True})

    # --- where webhooks go -----------------------------------------------------------------------

    async def _app_token(self, request: Request) -> Response:
        account, query = self._simulation.cloud.account, request.query_params
        if not _same(query.get("client_secret", ""), account.app_secret):
            raise GraphError(190, "wrong client_secret")
        return JSONResponse({"access_token": f"{account.app_id}|app", "token_type": "bearer"})

    async def _subscribe_app(self, request: Request) -> Response:
        account, query = self._simulation.cloud.account, request.query_params
        self._expect(request, account.app_id)
        if query.get("access_token") != f"{account.app_id}|app":
            raise GraphError(190, "an access token of the app is needed")
        await self._listen(query.get("callback_url"), query.get("verify_token"))
        return JSONResponse({"success": True})

    async def _subscribe(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.waba_id)
        body = await _json(request) if await request.body() else {}
        if body.get("override_callback_uri"):
            await self._listen(body["override_callback_uri"], body.get("verify_token"))
        return JSONResponse({"success": True})

    async def _unsubscribe(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.waba_id)
        self._simulation.delivery.url = None
        return JSONResponse({"success": True})

    async def _subscriptions(self, request: Request) -> Response:
        account, url = self._simulation.cloud.account, self._simulation.delivery.url
        self._expect(request, account.waba_id)
        app = {"id": account.app_id, "name": account.name}
        entry = {"whatsapp_business_api_data": app, "override_callback_uri": url}
        return JSONResponse({"data": [entry] if url else []})

    async def _listen(self, url: str | None, token: str | None) -> None:
        if not url or not token:
            raise GraphError(100, "a callback address and a verify_token are required")
        await self._simulation.delivery.verify(url, token)
        self._simulation.delivery.url = url

    # --- objects -------------------------------------------------------------------------------

    async def _object(self, request: Request) -> Response:
        simulation, wanted = self._simulation, request.path_params["id"]
        account, cloud = simulation.cloud.account, simulation.cloud
        templates = {one.id: one for one in cloud.templates.all.values()}
        if wanted == account.phone_id:
            found = self._number()
        elif wanted == account.waba_id:
            found = {"id": wanted, "name": account.name, "currency": "IDR", "timezone_id": "66"}
        elif wanted in templates:
            found = templates[wanted].described()
        elif wanted in cloud.files:
            return JSONResponse(cloud.files[wanted].described(simulation.file_url(wanted)))
        else:
            raise _unknown(wanted)
        return JSONResponse(_chosen(found, request.query_params.get("fields")))

    async def _numbers(self, request: Request) -> Response:
        self._expect(request, self._simulation.cloud.account.waba_id)
        return JSONResponse({"data": [_chosen(self._number(), request.query_params.get("fields"))]})

    async def _change(self, request: Request) -> Response:
        """The number's own webhook address."""
        self._expect(request, self._simulation.cloud.account.phone_id)
        wanted = (await _json(request)).get("webhook_configuration", {})
        if wanted.get("override_callback_uri"):
            await self._listen(wanted["override_callback_uri"], wanted.get("verify_token"))
        elif "override_callback_uri" in wanted:
            self._simulation.delivery.url = None
        return JSONResponse({"success": True})

    async def _delete(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        if self._simulation.cloud.files.pop(wanted, None) is None:
            raise _unknown(wanted)
        return JSONResponse({"success": True})

    def _number(self) -> Json:
        account, rules = self._simulation.cloud.account, self._simulation.cloud.rules
        people = rules.new_people
        return {
            "id": account.phone_id,
            "display_phone_number": account.phone,
            "verified_name": account.name,
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "name_status": "APPROVED",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "account_mode": "LIVE",
            "throughput": {"level": "STANDARD" if rules.throughput else "HIGH"},
            "whatsapp_business_manager_messaging_limit": _tier(people),
            "webhook_configuration": {"application": self._simulation.delivery.url or ""},
        }

    def _check_token(self, token: str) -> None:
        if not _same(token, self._simulation.cloud.account.token):
            raise GraphError(190, "invalid OAuth access token")

    def _expect(self, request: Request, known: str) -> None:
        if request.path_params["id"] != known:
            raise _unknown(request.path_params["id"])


def _unknown(wanted: str) -> GraphError:
    return GraphError(100, f"object with ID {wanted!r} does not exist or does not take this call", 33)


def _tier(people: int | None) -> str:
    return "TIER_UNLIMITED" if people is None else TIERS.get(people, f"TIER_{people}")


def _chosen(whole: Json, fields: str | None) -> Json:
    """Only the asked ones; without a wish all of them."""
    names = {"id", *fields.split(",")} if fields else set(whole)
    return {key: value for key, value in whole.items() if key in names}


def _fits(template: Template, query: Any) -> bool:
    for field in ("status", "category", "language"):
        if field in query and getattr(template, field) not in query[field].split(","):
            return False
    return query.get("name", "") in template.name


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        raise GraphError(100, "the body is not JSON") from None


def _parts(content_type: str, body: bytes) -> dict[str, Mime]:
    """The parts of a form, by name."""
    whole = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = whole.get_payload() if whole.is_multipart() else []
    named = [part for part in parts if isinstance(part, Mime)]
    return {str(part.get_param("name", header="content-disposition")): part for part in named}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
