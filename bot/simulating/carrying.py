"""How a webhook reaches the program under test: over a socket, or within the process."""

from __future__ import annotations

from typing import Protocol

import aiohttp
import httpx

NO_ANSWER = 0
"""In the place of an HTTP status."""


class Carrier(Protocol):
    """Both return the HTTP status and the text of the answer, or NO_ANSWER and ''; they raise nothing for
    what the other side or the way there does. `seconds`: how long an answer is waited for."""

    async def get(self, url: str, query: dict[str, str], seconds: float) -> tuple[int, str]: ...

    async def post(
        self, url: str, body: bytes, headers: dict[str, str], seconds: float
    ) -> tuple[int, str]: ...


class OverSockets:
    """aiohttp: hundreds of webhooks a second on one core, where httpx does a few dozen."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, url: str, query: dict[str, str], seconds: float) -> tuple[int, str]:
        return await self._call("GET", url, seconds, params=query)

    async def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, str]:
        return await self._call("POST", url, seconds, data=body, headers=headers)

    async def _call(
        self,
        method: str,
        url: str,
        seconds: float,
        *,
        params: dict[str, str] | None = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.request(
                method, url, params=params, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError):
            return NO_ANSWER, ""


class Within:
    """Straight into an ASGI application, through an httpx client that has it as transport."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, query: dict[str, str], seconds: float) -> tuple[int, str]:
        return await self._call(self._http.build_request("GET", url, params=query, timeout=seconds))

    async def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, str]:
        request = self._http.build_request("POST", url, content=body, headers=headers, timeout=seconds)
        return await self._call(request)

    async def _call(self, request: httpx.Request) -> tuple[int, str]:
        try:
            answer = await self._http.send(request)
        except httpx.HTTPError:
            return NO_ANSWER, ""
        return answer.status_code, answer.text
