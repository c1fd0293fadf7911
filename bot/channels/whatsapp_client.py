"""pywa's client, with its requests on a shorter way.

httpx takes longer over a request (merging addresses, cookies, redirects, authentication) than we over the
whole answer, so messages go straight into its transport. What the Graph API says is judged by pywa as ever.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx
from pywa_async.api import GraphAPIAsync
from pywa_async.client import WhatsApp
from pywa_async.errors import WhatsAppError

CONNECTIONS = 64
TIMEOUT = httpx.Timeout(60, connect=10)
"""Seconds. Connecting has a limit of its own: only so is it known that a request has not left yet."""

REFUSED = 400


class Graph(GraphAPIAsync):
    """`via` has to be called before the first request."""

    _transport: httpx.AsyncBaseTransport
    _headers: httpx.Headers

    def via(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        headers = {"Content-Type": "application/json", "Host": self._session.base_url.netloc.decode("ascii")}
        self._headers = httpx.Headers({**self._session.headers, **headers, "Accept-Encoding": "identity"})
        self._urls: dict[str, httpx.URL] = {}

    async def _request(  # type: ignore[override]  # as GraphAPIAsync does, whose base is not asynchronous
        self, method: str, endpoint: str, **given: Any
    ) -> dict[str, Any]:
        """The answer's object. Raises WhatsAppError for a refusal, what httpx raises for a broken connection,
        ValueError for an answer that is no object."""
        if set(given) != {"json"}:
            return await super()._request(method, endpoint, **given)
        response = await self._answer(method, endpoint, given["json"])
        if response.status_code >= REFUSED:
            raise WhatsAppError.from_dict(error=self._extract_error(response), response=response)
        answer = response.json()
        if not isinstance(answer, dict):
            raise ValueError("the answer is no object")
        return answer

    async def _answer(self, method: str, endpoint: str, content: Any) -> httpx.Response:
        request = httpx.Request(
            method,
            self._url(endpoint),
            headers=self._headers,
            content=json.dumps(content).encode(),
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    def _url(self, endpoint: str) -> httpx.URL:
        url = self._urls.get(endpoint)
        if url is None:
            base = str(self._session.base_url).rstrip("/")
            url = self._urls[endpoint] = httpx.URL(f"{base}/{endpoint.lstrip('/')}")
        return url


class Client(WhatsApp):
    _api_cls = Graph
    api: Graph


def build_client(
    token: str,
    phone_id: str,
    api_base: str | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Client:
    """pywa's client; `api_base`: another Graph API than Meta's. Incoming webhooks do not go through it."""
    session = httpx.AsyncClient(timeout=TIMEOUT, transport=transport or _transport(api_base))
    client = Client(phone_id=phone_id, token=token, session=session, server=None, validate_updates=False)
    if api_base:
        version = session.base_url.path.strip("/")
        session.base_url = httpx.URL(f"{api_base.rstrip('/')}/{version}")
    client.api.via(session._transport)
    return client


def _transport(api_base: str | None) -> httpx.AsyncBaseTransport:
    """Through the proxy of the environment, if it names one."""
    host = httpx.URL(api_base or "https://graph.facebook.com")
    proxy = None if proxy_bypass(host.host) else getproxies().get(host.scheme)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx.AsyncHTTPTransport(limits=limits, proxy=proxy)
