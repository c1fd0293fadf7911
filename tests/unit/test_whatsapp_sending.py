"""Calls that go wrong: repeated while that cannot double a message, each end with its own name."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.campaigns.campaign import Unreachable
from bot.campaigns.sending import Later, NotReached, Outcome, Refused, RetryAfter, Sent, Uncertain
from bot.channels.port import Delivery
from bot.channels.whatsapp_bulk import WINDOW, WhatsappSender
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_opening import Judge, Send
from bot.channels.whatsapp_replies import Outgoing, Wording
from bot.channels.whatsapp_sending import Calls, Pace, Sending, takeable
from bot.model import Attachment, Button, Opening, Reply
from bot.simulating.errors import GraphError
from tests.fakes import MemoryUnreachable
from tests.whatsapp_world import QUICK, MemoryAccounts

WORDING = Wording("Pilih", "Pilihan lainnya:")
HELLO = Reply("Halo")
FILE = Attachment("data.json", "application/json", b"{}")

Trouble = Callable[[httpx.Request], httpx.Response]


class Api:
    """A Graph API that does what it is told first, and then takes everything."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = deque(troubles)
        self.taken: list[dict[str, Any]] = []
        self.tried = 0
        transport = httpx.MockTransport(self._answer)
        self.calls = Calls(build_client("t", "1", "http://graph", transport=transport))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.tried += 1
        if self.troubles:
            return self.troubles.popleft()(request)
        if request.url.path.endswith("/media"):
            return httpx.Response(200, json={"id": "55"})
        self.taken.append(json.loads(request.content))
        return httpx.Response(200, json={"messages": [{"id": f"wamid.{len(self.taken)}"}]})


def refuse(code: int) -> Trouble:
    error = GraphError(code, "as the test wants it")
    return lambda _: httpx.Response(error.status, json=error.envelope("trace"))


def cut_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


def unconnected(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no way there", request=request)


def garbage(_: httpx.Request) -> httpx.Response:
    return httpx.Response(502, text="<html>Bad Gateway</html>")


def odd_answer(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="OK")


def sending(api: Api, pace: Pace = QUICK) -> tuple[Sending, MemoryUnreachable]:
    async def wording(_: str) -> Wording:
        return WORDING

    gone = MemoryUnreachable()
    accounts = MemoryAccounts({"ID.7": ("ID.7", "6280000000007")})
    return Sending(api.calls, accounts, gone, wording, pace), gone


async def test_a_message_goes_to_the_user_id() -> None:
    api = Api()
    assert await sending(api)[0].send("ID.7", HELLO) is Delivery.SENT
    assert api.taken[0]["recipient"] == "ID.7"
    assert "to" not in api.taken[0]


async def test_who_is_known_by_number_alone_is_written_to_there() -> None:
    api = Api()
    await sending(api)[0].send("6280000000009", HELLO)
    assert api.taken[0]["to"] == "6280000000009"


async def test_what_cannot_go_to_a_user_id_goes_to_the_number() -> None:
    api = Api(refuse(131062))
    assert await sending(api)[0].send("ID.7", HELLO) is Delivery.SENT
    assert api.taken[0]["to"] == "6280000000007"


@pytest.mark.parametrize("code", [4, 130429, 131056, 131016])
async def test_what_nobody_took_is_sent_again(code: int) -> None:
    api = Api(refuse(code), refuse(code))
    assert await sending(api)[0].send("ID.7", HELLO) is Delivery.SENT
    assert (api.tried, len(api.taken)) == (3, 1)


async def test_a_request_that_never_left_is_sent_again() -> None:
    api = Api(unconnected)
    assert await sending(api)[0].send("ID.7", HELLO) is Delivery.SENT


@pytest.mark.parametrize("trouble", [cut_off, garbage, odd_answer])
async def test_what_may_have_been_taken_is_never_sent_again(trouble: Trouble) -> None:
    api = Api(trouble)
    assert await sending(api)[0].send("ID.7", HELLO) is Delivery.UNCERTAIN
    assert api.tried == 1


async def test_patience_ends() -> None:
    api = Api(*[refuse(130429)] * 50)
    assert await sending(api, Pace(0.01, patience=0.05))[0].send("ID.7", HELLO) is Delivery.FAILED


async def test_who_has_no_whatsapp_is_remembered() -> None:
    sender, gone = sending(Api(refuse(131026)))
    assert await sender.send("ID.7", HELLO) is Delivery.UNREACHABLE
    assert gone.reasons == {"ID.7": "not_found"}


@pytest.mark.parametrize("code", [131047, 131049, 131009, 190])
async def test_other_refusals_end_at_once_and_say_nothing_about_the_person(code: int) -> None:
    api = Api(refuse(code))
    sender, gone = sending(api)
    assert await sender.send("ID.7", HELLO) is Delivery.FAILED
    assert (api.tried, gone.reasons) == (1, {})


async def test_a_refused_part_ends_the_reply() -> None:
    api = Api(refuse(131009))
    await sending(api)[0].send("ID.7", Reply("Panjang\n" * 1000))
    assert api.tried == 1


async def test_a_file_follows_its_text_and_its_upload_is_repeated() -> None:
    api = Api()
    api.troubles.extend([lambda r: _taken(api, r), cut_off])
    assert await sending(api)[0].send("ID.7", Reply("Ini", attachment=FILE)) is Delivery.SENT
    assert api.taken[-1]["document"] == {"id": "55", "filename": "data.json.txt"}
    assert api.tried == 4


def _taken(api: Api, request: httpx.Request) -> httpx.Response:
    api.taken.append(json.loads(request.content))
    return httpx.Response(200, json={})


def test_only_text_becomes_plain_text() -> None:
    assert takeable(FILE).media_type == "text/plain"
    pdf = Attachment("a.pdf", "application/pdf", b"%PDF")
    assert takeable(pdf) is pdf


async def test_no_log_line_holds_a_text_or_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    for trouble in (cut_off, garbage, refuse(190), refuse(131026)):
        await sending(Api(trouble))[0].send("ID.7", Reply("rahasia sekali"))
    ours = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("bot") or r.levelno > 10)
    assert "rahasia" not in ours
    assert "6280000000007" not in ours


# --- one of many -----------------------------------------------------------------------------


def bulk(api: Api, **more: Any) -> WhatsappSender:
    accounts = MemoryAccounts({"ID.7": ("ID.7", None)}, {"ID.7": 1000})
    more = {"clock": lambda: 1000.0 + WINDOW / 2, **more}
    return WhatsappSender(api.calls, accounts, WORDING, **more)


async def test_a_message_that_was_taken_has_its_id() -> None:
    assert await bulk(Api()).send("whatsapp", "ID.7", HELLO) == Sent("wamid.1")


async def test_a_message_carries_what_is_to_come_back_with_its_statuses() -> None:
    api = Api()
    for message in (replace(HELLO, tag="t"), replace(HELLO, tag="t", attachment=FILE), HELLO):
        await bulk(api).send("whatsapp", "ID.7", message)
    assert [taken.get("biz_opaque_callback_data") for taken in api.taken] == ["t", "t", None]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (refuse(130429), RetryAfter(5.0)),
        (refuse(131056), Later(6.0)),
        (refuse(190), RetryAfter(60.0)),
        (unconnected, RetryAfter(5.0)),
        (cut_off, Uncertain()),
        (garbage, Uncertain()),
        (refuse(131026), NotReached(Unreachable.NEVER_STARTED)),
        (refuse(131047), Refused("window_closed")),
        (refuse(131049), Refused("131049")),
    ],
)
async def test_one_try_has_one_outcome(trouble: Trouble, outcome: Outcome) -> None:
    api = Api(trouble)
    assert await bulk(api).send("whatsapp", "ID.7", HELLO) == outcome
    assert api.tried == 1


@pytest.mark.parametrize("person", ["ID.7", "ID.unheard"])
async def test_nothing_is_sent_freely_after_the_window(person: str) -> None:
    api = Api()
    late = bulk(api, clock=lambda: 1000.0 + WINDOW)
    assert await late.send("whatsapp", person, HELLO) == Refused("window_closed")
    assert api.tried == 0


async def test_a_template_goes_where_there_is_one() -> None:
    class One:
        async def send(self, opening: Opening, send: Send, judge: Judge, tag: str | None = None) -> Outcome:
            named = {"name": f"edaran_{opening.kind}", "language": {"code": opening.language}}
            return Sent(await send(Outgoing("template", named)))

    api = Api()
    late = bulk(api, clock=lambda: 1000.0 + WINDOW, openings=One())
    message = Reply("Edaran", opening=Opening("baru", "id", (), "k:read:1"))
    assert await late.send("whatsapp", "ID.7", message) == Sent("wamid.1")
    assert api.taken[0]["template"]["name"] == "edaran_baru"


async def test_a_file_is_uploaded_once_and_stands_above_the_buttons() -> None:
    api, message = Api(), Reply("Edaran", ((Button("Sudah", "s"),),), attachment=FILE)
    sender = bulk(api)
    for _ in range(2):
        await sender.send("whatsapp", "ID.7", message)
    assert api.tried == 3
    assert api.taken[0]["interactive"]["header"]["document"]["id"] == "55"


async def test_an_upload_that_broke_is_tried_again_because_nobody_saw_it() -> None:
    sender = bulk(Api(cut_off))
    assert await sender.send("whatsapp", "ID.7", Reply("x", attachment=FILE)) == RetryAfter(5.0)


async def test_what_needs_several_messages_is_refused() -> None:
    assert await bulk(Api()).send("whatsapp", "ID.7", Reply("a " * 4000)) == Refused("too_long")
