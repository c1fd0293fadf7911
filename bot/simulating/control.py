"""The side of the people and of tests: JSON over HTTP under /simulator/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.simulating import webhooks
from bot.simulating.acts import Act, Acts
from bot.simulating.errors import GraphError
from bot.simulating.people import Person
from bot.simulating.rules import Faults, Rules, Values
from bot.simulating.simulation import Simulation

LONGEST_WAIT = 60.0
"""Seconds that a call for something to come is held open."""


class Newcomer(Values):
    name: str = "Orang"
    phone: str | None = None
    hidden: bool = False
    username: str | None = None
    online: bool = True
    receipts: bool = True
    reachable: bool = True


class Burst(Values):
    count: int = Field(ge=1)
    rate: float = Field(gt=0)
    """Messages a second."""
    people: int = Field(100, ge=1)
    text: str = "halo {number}"


class Control:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._acts = Acts(simulation)

    def routes(self) -> list[Route]:
        return [
            self._route("", self._state, "GET"),
            self._route("/people", self._people, "GET"),
            self._route("/people", self._join, "POST"),
            self._route("/crowds", self._crowd, "POST"),
            self._route("/outboxes", self._outboxes, "GET"),
            self._route("/people/{id}", self._adjust, "PATCH"),
            self._route("/people/{id}/acts", self._act, "POST"),
            self._route("/people/{id}/reading", self._read, "POST"),
            self._route("/people/{id}/outbox", self._outbox, "GET"),
            self._route("/bursts", self._burst, "POST"),
            self._route("/rules", self._rules, "PUT"),
            self._route("/faults", self._faults, "PUT"),
            self._route("/clock", self._clock, "POST"),
            self._route("/templates", self._template, "POST"),
            self._route("/templates/{name}/{language}", self._review, "PUT"),
            self._route("/failures", self._fail, "POST"),
            self._route("/notices", self._notices, "GET"),
            self._route("/notices", self._notify, "POST"),
            self._route("/webhook", self._webhook, "PUT"),
            self._route("/webhook/raw", self._raw, "POST"),
            self._route("/settled", self._settled, "GET"),
            self._route("/files/{id}", self._file, "GET"),
        ]

    def _route(self, path: str, handler: Callable[[Request], Awaitable[Response]], method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return await handler(request)
            except LookupError as error:
                return JSONResponse({"error": f"there is no such thing: {error.args[0]}"}, 422)
            except (ValueError, ValidationError) as error:
                return JSONResponse({"error": str(error)}, 422)
            except GraphError as error:
                return JSONResponse({"error": f"{error.code}: {error.details}"}, 422)
            finally:
                self._simulation.bell.ring()

        return Route("/simulator" + path, endpoint, methods=[method])

    # --- people --------------------------------------------------------------------------------

    async def _people(self, _: Request) -> Response:
        return JSONResponse([one.described() for one in self._simulation.cloud.people.values()])

    async def _join(self, request: Request) -> Response:
        new = Newcomer.model_validate(await _body(request))
        return JSONResponse(self._simulation.cloud.join(**dict(new)).described())

    async def _crowd(self, request: Request) -> Response:
        """`count` new people, alike but for number and id."""
        body = await _body(request)
        count, new = int(body.pop("count")), Newcomer.model_validate(body)
        joined = [self._simulation.cloud.join(**dict(new)) for _ in range(count)]
        return JSONResponse([one.described() for one in joined])

    async def _outboxes(self, _: Request) -> Response:
        """What each person ever got, by her id."""
        people = self._simulation.cloud.people
        return JSONResponse({user_id: person.outbox for user_id, person in people.items()})

    async def _adjust(self, request: Request) -> Response:
        person, cloud, now = self._person(request), self._simulation.cloud, self._simulation.now
        changes = await _body(request)
        Newcomer.model_validate(changes)
        if "phone" in changes:
            cloud.renumber(person, changes.pop("phone"), now)
        if "online" in changes:
            cloud.connect(person, changes.pop("online"), now)
        for field, value in changes.items():
            setattr(person, field, value)
        return JSONResponse(person.described())

    async def _act(self, request: Request) -> Response:
        person, act = self._person(request), Act.model_validate(await _body(request))
        content = self._acts.content(person, act)
        return JSONResponse({"id": self._simulation.cloud.arrive(person, content, self._simulation.now)})

    async def _burst(self, request: Request) -> Response:
        """Many messages of many people, one after another at a rate, all known beforehand."""
        burst, cloud = Burst.model_validate(await _body(request)), self._simulation.cloud
        start, ids = self._simulation.now, []
        people = [cloud.join(f"Orang {number}") for number in range(burst.people)]
        for number in range(burst.count):
            person = people[number % len(people)]
            said = Act(act="says", text=burst.text.format(number=number))
            content = self._acts.content(person, said)
            ids.append(cloud.arrive(person, content, start + number / burst.rate))
        return JSONResponse({"ids": ids})

    async def _read(self, request: Request) -> Response:
        self._simulation.cloud.read(self._person(request), self._simulation.now)
        return JSONResponse({})

    async def _outbox(self, request: Request) -> Response:
        """What came since number `after`; waits for it, at most `wait` seconds."""
        person, after = self._person(request), int(request.query_params.get("after", 0))
        await self._simulation.bell.until(lambda: len(person.outbox) > after, _wait(request))
        return JSONResponse(person.outbox[after:])

    def _person(self, request: Request) -> Person:
        return self._simulation.cloud.people[request.path_params["id"]]

    # --- the platform --------------------------------------------------------------------------

    async def _state(self, _: Request) -> Response:
        simulation = self._simulation
        state = {
            "account": simulation.cloud.account.model_dump(),
            "rules": simulation.cloud.rules.model_dump(mode="json"),
            "faults": simulation.cloud.faults.model_dump(mode="json"),
            "now": simulation.now,
            "webhook": simulation.delivery.url,
            "paused": simulation.delivery.paused,
            "marked_read": simulation.cloud.marked_read,
        }
        return JSONResponse(state)

    async def _rules(self, request: Request) -> Response:
        """Changes the named ones, leaves the others."""
        rules = self._simulation.cloud.rules.model_dump() | await _body(request)
        self._simulation.cloud.rules = Rules.model_validate(rules)
        return JSONResponse(self._simulation.cloud.rules.model_dump(mode="json"))

    async def _faults(self, request: Request) -> Response:
        """These and no others."""
        self._simulation.cloud.faults = Faults.model_validate(await _body(request))
        return JSONResponse(self._simulation.cloud.faults.model_dump(mode="json"))

    async def _clock(self, request: Request) -> Response:
        self._simulation.clock.advance(float((await _body(request))["advance"]))
        return JSONResponse({"now": self._simulation.now})

    async def _template(self, request: Request) -> Response:
        """Like a submission to the platform, with a `status` if it should not wait for review."""
        body = await _body(request)
        status = body.pop("status", None)
        new = self._simulation.cloud.submit_template(body)
        new.status = status or new.status
        return JSONResponse(new.described())

    async def _review(self, request: Request) -> Response:
        body, cloud = await _body(request), self._simulation.cloud
        template = cloud.templates.all[request.path_params["name"], request.path_params["language"]]
        cloud.review(template, body["status"], body.get("reason", "NONE"), self._simulation.now)
        return JSONResponse(template.described())

    async def _fail(self, request: Request) -> Response:
        body = await _body(request)
        self._simulation.cloud.fail(body["id"], body["code"], self._simulation.now)
        return JSONResponse({})

    # --- webhooks ------------------------------------------------------------------------------

    async def _notices(self, request: Request) -> Response:
        after = int(request.query_params.get("after", 0))
        return JSONResponse([one.described() for one in self._simulation.cloud.mail.all[after:]])

    async def _notify(self, request: Request) -> Response:
        """Of the number (`quality`: event, limit), of the account (`account`: event, more), or any
        `entry`."""
        body, account, now = await _body(request), self._simulation.cloud.account, self._simulation.now
        match body:
            case {"quality": event, "limit": limit}:
                entry = webhooks.quality_entry(account, event, limit, now)
            case {"account": event}:
                entry = webhooks.account_entry(account, event, body.get("more", {}), now)
            case _:
                entry = body["entry"]
        self._simulation.cloud.notify(entry, now)
        return JSONResponse({})

    async def _webhook(self, request: Request) -> Response:
        """`url` (with `verify`: after the handshake) and `paused`."""
        body, delivery = await _body(request), self._simulation.delivery
        if body.get("verify"):
            await delivery.verify(body["url"], body.get("token", self._simulation.cloud.account.verify_token))
        delivery.url = body.get("url", delivery.url)
        delivery.paused = body.get("paused", delivery.paused)
        return JSONResponse({"webhook": delivery.url, "paused": delivery.paused})

    async def _raw(self, request: Request) -> Response:
        """Sends any body at once, with any headers, and tells what came back."""
        body = await _body(request)
        status, text = await self._simulation.delivery.post(body["body"].encode(), body.get("headers", {}))
        return JSONResponse({"status": status, "text": text})

    async def _settled(self, request: Request) -> Response:
        simulation = self._simulation
        return JSONResponse(await simulation.bell.until(lambda: simulation.delivery.quiet, _wait(request)))

    async def _file(self, request: Request) -> Response:
        file = self._simulation.cloud.files[request.path_params["id"]]
        return Response(file.content, media_type=file.mime_type)


def _wait(request: Request) -> float:
    return min(float(request.query_params.get("wait", 0)), LONGEST_WAIT)


async def _body(request: Request) -> dict[str, Any]:
    """Raises ValueError for what is not a JSON object."""
    body = await request.json()
    if not isinstance(body, dict):
        raise ValueError("a JSON object is needed")
    return body
