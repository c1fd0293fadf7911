"""The webhook: who may send, what is kept, what is handled once, what a restart takes up."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywa.utils import webhook_updates_validator

from bot.channels.whatsapp import Taken
from bot.channels.whatsapp_reading import Event, Status
from bot.channels.whatsapp_signing import Seal, same, signature, signed
from bot.channels.whatsapp_web import BODY_BYTES, SIGNATURE, WEBHOOK, routes
from tests.fakes import CATALOGUES, Office
from tests.whatsapp import ACCOUNT
from tests.whatsapp_oracle import example
from tests.whatsapp_world import MemoryLedger, Setting, whatsapp

SECRET = ACCOUNT.app_secret.encode()
TEXTS = CATALOGUES["id"]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with whatsapp() as made:
        yield made


def text_body(text: str = "halo", message_id: str = "wamid.1", **more: Any) -> bytes:
    body = example("text")
    value = body["entry"][0]["changes"][0]["value"]
    value["metadata"]["phone_number_id"] = ACCOUNT.phone_id
    value["messages"][0] |= {"id": message_id, "text": {"body": text}} | more
    return json.dumps(body).encode()


async def post(setting: Setting, body: bytes, header: str | None = None) -> int:
    """`header` None: the right signature."""
    header = f"sha256={signature(SECRET, body)}" if header is None else header
    given = {SIGNATURE.encode(): header.encode("latin-1")} if header else {}
    answer = await setting.web.post(WEBHOOK, content=body, headers=given)
    await setting.channel.settle()
    return answer.status_code


def asked(setting: Setting) -> list[str]:
    return [asked[0] for asked in setting.office.answerer.asked]


async def registered(setting: Setting) -> None:
    """The person of the documented text is known."""
    await post(setting, text_body("/bantuan", "wamid.0"))
    [person] = setting.ledger.whatsapp_accounts.names
    await setting.office.register("whatsapp", person)


# --- who may send ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        *("", "sha256=", "sha256=0", "é" * 9),
        *("sha1=" + signature(SECRET, b"x"), signature(SECRET, b"x")),
        "sha256=" + signature(b"another", text_body()),
    ],
)
async def test_a_body_that_is_not_signed_by_whatsapp_is_refused_and_not_kept(
    setting: Setting, header: str
) -> None:
    assert await post(setting, text_body(), header) == 403
    assert setting.ledger.webhooks.bodies == {}


async def test_a_changed_body_is_refused(setting: Setting) -> None:
    right = f"sha256={signature(SECRET, text_body())}"
    assert await post(setting, text_body() + b" ", right) == 403


@given(st.binary(max_size=50), st.binary(min_size=1, max_size=20), st.booleans())
def test_pywa_judges_signatures_alike(body: bytes, secret: bytes, right: bool) -> None:
    key = secret.hex()
    header = "sha256=" + signature(key.encode() if right else b"?", body)
    assert signed(signature(key.encode(), body), header) == webhook_updates_validator(key, body, header)


async def test_the_handshake_is_for_who_knows_the_token(setting: Setting) -> None:
    def asks(token: str, mode: str = "subscribe") -> dict[str, str]:
        return {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "12345"}

    right = await setting.web.get(WEBHOOK, params=asks(ACCOUNT.verify_token))
    assert (right.status_code, right.text) == (200, "12345")
    for wrong in (asks(""), asks("é"), asks(ACCOUNT.verify_token + "x"), asks(ACCOUNT.verify_token, "x"), {}):
        assert (await setting.web.get(WEBHOOK, params=wrong)).status_code == 403


async def test_an_empty_token_is_never_taken(setting: Setting) -> None:
    with pytest.raises(ValueError, match="token"):
        routes(setting.channel, "")
    assert not same("x", "")


async def test_a_body_too_large_is_refused(setting: Setting) -> None:
    assert await post(setting, b" " * (BODY_BYTES + 1)) == 413


# --- once ------------------------------------------------------------------------------------


async def test_a_repeated_body_is_refused_and_has_no_effect(setting: Setting) -> None:
    await registered(setting)
    assert [await post(setting, text_body("a")) for _ in range(3)] == [200, 403, 403]
    assert asked(setting) == ["a"]


async def test_a_message_in_another_body_is_not_answered_again(setting: Setting) -> None:
    await registered(setting)
    await post(setting, text_body("a"))
    assert await post(setting, text_body("a", timestamp="1795400001")) == 200
    assert asked(setting) == ["a"]


async def test_a_full_ledger_takes_nothing_and_whatsapp_is_asked_to_come_again(setting: Setting) -> None:
    setting.ledger.webhooks.full = True
    assert await post(setting, text_body("a")) == 503
    setting.ledger.webhooks.full = False
    assert await post(setting, text_body("a")) == 200


async def test_a_channel_that_ends_takes_nothing_more(setting: Setting) -> None:
    await setting.channel.close()
    assert await post(setting, text_body("a")) == 503


# --- kept ------------------------------------------------------------------------------------


async def test_what_is_kept_cannot_be_read_and_goes_when_it_is_worked_off(setting: Setting) -> None:
    await registered(setting)
    body = text_body("rahasia sekali")
    mark, seal = setting.channel.mark(body), Seal(SECRET)
    sealed = seal.close(mark, body)
    assert b"rahasia" not in sealed
    assert seal.open(mark, sealed) == body
    assert Seal(b"another").open(mark, sealed) is None
    assert seal.open("another", sealed) is None
    await post(setting, body)
    assert set(setting.ledger.webhooks.bodies.values()) == {None}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"entry": 5}', b"\xff\xfe", b"[" * 100_000])
async def test_what_cannot_be_read_stays_for_a_later_version(setting: Setting, body: bytes) -> None:
    assert await post(setting, body) == 200
    assert len(setting.ledger.webhooks.readers) == 1
    assert None not in setting.ledger.webhooks.bodies.values()


async def test_what_can_be_read_of_a_body_is_answered_and_the_body_stays(setting: Setting) -> None:
    await registered(setting)
    body = json.loads(text_body("a"))
    body["entry"][0]["changes"][0]["value"]["messages"].append({"type": "text"})
    await post(setting, json.dumps(body).encode())
    assert asked(setting) == ["a"]
    assert len(setting.ledger.webhooks.readers) == 1


# --- a restart -------------------------------------------------------------------------------


async def test_what_a_killed_process_left_is_answered_at_the_next_start() -> None:
    office = Office()
    ledger = MemoryLedger(office.profiles)
    async with whatsapp(office, ledger) as setting:
        person = await setting.person(phone="6280000000001")
        body = text_body("/bantuan", **{"from": person.phone, "from_user_id": person.user_id})
        mark = setting.channel.mark(body)
        ledger.webhooks.bodies[mark] = Seal(SECRET).close(mark, body)
        ledger.webhooks.bodies["old"] = Seal(b"another secret").close("old", body)
        await setting.channel.take_up()
        await setting.channel.settle()
        assert ledger.webhooks.messages == {"wamid.1"}
        assert ledger.webhooks.bodies[mark] is None
        assert ledger.webhooks.bodies["old"] is not None


async def test_a_message_that_was_answered_before_the_kill_is_not_answered_again(setting: Setting) -> None:
    await registered(setting)
    body = text_body("a")
    mark = setting.channel.mark(body)
    setting.ledger.webhooks.messages.add("wamid.1")
    assert await setting.channel.accept(mark, body) is Taken.NEW
    await setting.channel.settle()
    assert asked(setting) == []
    assert setting.ledger.webhooks.bodies[mark] is None


# --- what is told on -------------------------------------------------------------------------


async def test_statuses_are_told_and_kept_until_somebody_has_taken_them() -> None:
    told: list[Event] = []
    broken = True

    async def tell(event: Event) -> None:
        if broken:
            raise RuntimeError("private words")
        told.append(event)

    async with whatsapp(told=tell) as setting:
        body = example("status_delivered")
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = ACCOUNT.phone_id
        ours = json.dumps(body).encode()
        await post(setting, ours)
        assert None not in setting.ledger.webhooks.bodies.values()
        broken = False
        setting.channel._begin(setting.channel.mark(ours), ours)
        await setting.channel.settle()
        assert [event.state for event in told if isinstance(event, Status)] == ["delivered"]
        assert set(setting.ledger.webhooks.bodies.values()) == {None}


async def test_an_error_inside_says_nothing_of_the_message(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    await registered(setting)
    await post(setting, text_body("boom"))
    assert "private words" not in caplog.text
    assert "RuntimeError" in caplog.text
