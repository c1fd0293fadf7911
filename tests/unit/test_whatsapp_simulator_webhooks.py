"""The simulator's webhooks against the documented ones, pywa's parser and published field names."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime

import pytest
from pywa.types.account_update import AccountUpdate
from pywa.types.base_update import BaseUpdate
from pywa.types.others import MessageType
from pywa_async.client import WhatsApp
from pywa_async.types.callback import CallbackButton, CallbackSelection
from pywa_async.types.message import Message
from pywa_async.types.message_status import MessageStatus
from pywa_async.types.system import PhoneNumberChange
from pywa_async.types.templates import TemplateStatusUpdate

from bot.simulating.client import Person, Simulator
from bot.simulating.errors import Json
from bot.simulating.rules import Account
from bot.simulating.webhooks import encoded, signature
from tests.whatsapp import business_sends, simulated
from tests.whatsapp_oracle import emitted, example, example_names, parsed, paths, published, pywa

LOST_BY_PYWA = {
    "text_without_user_id": "pywa needs user_id, which older webhooks lack",
    "status_failed": "pywa needs contacts, which failed statuses lack",
    "phone_quality": "pywa knows no such update",
}


@pytest.fixture
async def wa() -> AsyncIterator[WhatsApp]:
    client = pywa(Account(), "http://nowhere.invalid")
    yield client
    await client.api._session.aclose()


# --- the examples --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(example_names()) - set(LOST_BY_PYWA)))
def test_pywa_understands_the_documented_example(wa: WhatsApp, name: str) -> None:
    assert isinstance(parsed(wa, example(name)), BaseUpdate)


@pytest.mark.parametrize("name", sorted(LOST_BY_PYWA))
def test_what_pywa_loses_is_known(wa: WhatsApp, name: str) -> None:
    with pytest.raises((AssertionError, LookupError, TypeError, AttributeError)):
        parsed(wa, example(name))


@pytest.mark.parametrize("name", example_names())
def test_the_documented_examples_have_published_field_names_only(name: str) -> None:
    assert paths(example(name)) - published("webhook") == set()


# --- each kind that the simulator sends ----------------------------------------------------------


async def _message_kinds(sim: Simulator, person: Person, hidden: Person) -> None:
    """One webhook of each kind, in the order of KINDS."""
    await person.says("boleh live sekarang?")
    await hidden.says("selamat pagi")
    await person.sends_file(b"%PDF-1.7", "application/pdf", filename="surat.pdf", caption="Surat tugas")
    await person.sends_file(b"\xff\xd8", "image/jpeg", kind="image", caption="Foto rapat")
    await person.sends_file(b"OggS", "audio/ogg; codecs=opus", kind="audio")
    await person.sends_location(-8.1, 113.2, "Kantor Contoh")
    await person.shares_card("Budi Contoh", "+62 800-0000-0002")
    await person.sends_unsupported()
    await person.becomes(phone="6280000000009")


KINDS = (
    "text",
    "text_user_id_only",
    "document",
    "image",
    "audio",
    "location",
    "contacts",
    "unsupported",
    "number_changed",
)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with simulated() as (simulator, _):
        yield simulator


@pytest.fixture
async def person(sim: Simulator) -> Person:
    return await sim.person("Sari Contoh", "+62 800-0000-0001")


async def test_what_it_sends_looks_like_the_documented_examples(sim: Simulator, person: Person) -> None:
    hidden = await sim.person("Tanpa Nomor", hidden=True, username="tanpanomor")
    await _message_kinds(sim, person, hidden)
    bodies = await emitted(sim)
    assert len(bodies) == len(KINDS)
    for kind, body in zip(KINDS, bodies, strict=True):
        assert _without_names_of_people(paths(body)) <= paths(example(kind)), kind


async def test_every_field_name_that_it_sends_is_published(sim: Simulator, person: Person) -> None:
    hidden = await sim.person("Tanpa Nomor", hidden=True, username="tanpanomor")
    await _message_kinds(sim, person, hidden)
    await _platform_kinds(sim)
    await _dialogue(sim, person)
    names = set().union(*(paths(body) for body in await emitted(sim)))
    assert names - published("webhook") == set()
    assert len(names) > 60


async def test_pywa_reads_each_kind_of_message(wa: WhatsApp, sim: Simulator, person: Person) -> None:
    hidden = await sim.person("Tanpa Nomor", hidden=True, username="tanpanomor")
    before = int(await sim.now())
    await _message_kinds(sim, person, hidden)
    updates = [parsed(wa, body) for body in await emitted(sim)]
    said, nameless, document, image, audio, place, card, strange = _messages(updates[:-1])
    assert (said.type, said.text) == (MessageType.TEXT, "boleh live sekarang?")
    assert (said.from_user.bsuid, said.from_user.wa_id) == (person.user_id, "6280000000001")
    assert (said.from_user.name, said.from_user.username) == ("Sari Contoh", None)
    assert before <= said.timestamp.timestamp() <= before + 60
    assert said.metadata.phone_number_id == sim.account.phone_id
    assert (nameless.from_user.wa_id, nameless.from_user.username) == (None, "tanpanomor")
    assert document.document is not None
    assert (document.document.filename, document.document.caption) == ("surat.pdf", "Surat tugas")
    assert document.document.sha256 == hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert image.image is not None
    assert image.image.mime_type == "image/jpeg"
    assert audio.voice is not None
    assert place.location is not None
    assert (place.location.latitude, place.location.name) == (-8.1, "Kantor Contoh")
    assert card.contacts is not None
    assert card.contacts.first_wa_id == "6280000000002"
    assert card.contacts.origin == "other"
    assert strange.type == MessageType.UNSUPPORTED
    assert strange.error is not None
    assert strange.error.code == 131051
    change = updates[-1]
    assert isinstance(change, PhoneNumberChange)
    assert (change.old_wa_id, change.new_wa_id) == ("6280000000001", "6280000000009")
    assert change.new_user_id == person.user_id


def _messages(updates: list[BaseUpdate]) -> Iterator[Message]:
    for update in updates:
        assert isinstance(update, Message)
        yield update


def _without_names_of_people(found: set[str]) -> set[str]:
    """An address book may know more or less of somebody than the example does."""
    return {path for path in found if ".location.address" not in path}


# --- a dialogue: what is pressed, and what becomes of messages -----------------------------------


async def _send(sim: Simulator, person: Person, content: Json) -> None:
    """A message of the business, labelled."""
    answer = await business_sends(sim, person, {"biz_opaque_callback_data": "kiriman:1"} | content)
    assert paths(answer) - published("response") == set()


BUTTONS: Json = {
    "type": "interactive",
    "interactive": {
        "type": "button",
        "body": {"text": "Sudah dibaca?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "baca:1", "title": "Saya sudah membaca"}}]},
    },
}
CHOICES: Json = {
    "type": "interactive",
    "interactive": {
        "type": "list",
        "body": {"text": "Status Anda?"},
        "action": {
            "button": "Pilih",
            "sections": [{"rows": [{"id": "pilih:3", "title": "Guru", "description": "Tenaga pendidik"}]}],
        },
    },
}
ASKING: Json = {
    "type": "interactive",
    "interactive": {
        "type": "request_contact_info",
        "body": {"text": "Bagikan nomor Anda."},
        "action": {"name": "request_contact_info"},
    },
}
NOTICE: Json = {
    "type": "template",
    "template": {
        "name": "edaran_baru",
        "language": {"code": "id"},
        "components": [
            {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [
                {"type": "payload", "payload": "baca:1"}
            ]}
        ],
    },
}  # fmt: skip


async def _dialogue(sim: Simulator, person: Person) -> None:
    await person.says("halo")
    await _send(sim, person, BUTTONS)
    await person.presses("Saya sudah membaca")
    await _send(sim, person, CHOICES)
    await person.presses("pilih:3")
    await _send(sim, person, ASKING)
    await person.shares_number()
    await sim.template("edaran_baru", "Ada edaran baru.", buttons=["Saya sudah membaca"])
    await _send(sim, person, NOTICE)
    await person.presses("Saya sudah membaca")
    await person.reacts("👍")
    last = (await person.chat())[-1]
    await sim.fail(last.id, 131026)


async def test_pywa_reads_what_is_pressed(wa: WhatsApp, sim: Simulator, person: Person) -> None:
    await _dialogue(sim, person)
    values = [body["entry"][0]["changes"][0]["value"] for body in await emitted(sim)]
    arrived = [body for body, value in zip(await emitted(sim), values, strict=True) if "messages" in value]
    _, button, row, number, quick, reaction = [parsed(wa, body) for body in arrived]
    sent = {one.kind: one.id for one in await person.chat()}
    assert isinstance(button, CallbackButton)
    assert (button.data, button.title, button.is_quick_reply) == ("baca:1", "Saya sudah membaca", False)
    assert button.reply_to_message is not None
    assert button.reply_to_message.id == sent["buttons"]
    assert isinstance(row, CallbackSelection)
    assert (row.data, row.title, row.description) == ("pilih:3", "Guru", "Tenaga pendidik")
    assert row.reply_to_message.id == sent["list"]
    assert isinstance(number, Message)
    assert number.contacts is not None
    assert number.contacts.origin == "contact_request"
    assert number.contacts.first_wa_id == person.phone
    assert isinstance(quick, CallbackButton)
    assert (quick.data, quick.is_quick_reply) == ("baca:1", True)
    assert isinstance(reaction, Message)
    assert reaction.reaction is not None
    assert (reaction.reaction.emoji, reaction.reaction.message_id) == ("👍", sent["template"])


async def test_pywa_reads_the_ladder_of_statuses(wa: WhatsApp, sim: Simulator, person: Person) -> None:
    await sim.rules(contacts_when_failed=True)
    await _dialogue(sim, person)
    updates = [parsed(wa, body) for body in await emitted(sim)]
    statuses = [one for one in updates if isinstance(one, MessageStatus)]
    wamid = (await person.chat())[0].id
    ladder = [one for one in statuses if one.id == wamid]
    assert [one.status.value for one in ladder] == ["sent", "delivered", "read"]
    assert {one.tracker for one in statuses} == {"kiriman:1"}
    assert {one.from_user.bsuid for one in statuses} == {person.user_id}
    assert ladder[0].pricing is not None
    assert (ladder[0].pricing.billable, ladder[0].pricing.model.value) == (False, "PMP")
    failed = [one for one in statuses if one.status.value == "failed"]
    assert [one.error.code for one in failed if one.error is not None] == [131026]


async def test_a_failed_status_names_nobody_as_documented(sim: Simulator, person: Person) -> None:
    await _dialogue(sim, person)
    body = (await emitted(sim))[-1]
    value = body["entry"][0]["changes"][0]["value"]
    assert value["statuses"][0]["status"] == "failed"
    assert "contacts" not in value


@pytest.mark.parametrize(
    "kind", ["button_reply", "list_reply", "contact_request", "template_button", "reaction"]
)
async def test_what_is_pressed_looks_like_the_documented_example(
    sim: Simulator, person: Person, kind: str
) -> None:
    await _dialogue(sim, person)
    bodies = [body for body in await emitted(sim) if _kind(body) == kind]
    assert len(bodies) == 1
    names = paths(example(kind)) | {
        f"entry.changes.value.{one}" for one in ("contacts.wa_id", "messages.from")
    }
    assert paths(bodies[0]) <= names


@pytest.mark.parametrize("kind", ["sent", "delivered", "read", "failed"])
async def test_a_status_looks_like_the_documented_example(sim: Simulator, person: Person, kind: str) -> None:
    await _dialogue(sim, person)
    bodies = [body for body in await emitted(sim) if _kind(body) == kind]
    assert bodies
    names = paths(example(f"status_{kind}")) | {"entry.changes.value.statuses.recipient_user_id"}
    for body in bodies:
        assert paths(body) <= names


def _kind(body: Json) -> str:
    value = body["entry"][0]["changes"][0]["value"]
    if "statuses" in value:
        return str(value["statuses"][0]["status"])
    message = value["messages"][0]
    match message["type"]:
        case "interactive":
            return str(message["interactive"]["type"])
        case "button":
            return "template_button"
        case "contacts":
            return str(message.get("origin", "contacts"))
        case kind:
            return str(kind)


# --- what the platform itself tells --------------------------------------------------------------


async def _platform_kinds(sim: Simulator) -> None:
    await sim.template("edaran_lama", "Edaran {{1}}.", status="PENDING")
    await sim.review("edaran_lama", "REJECTED", reason="INVALID_FORMAT")
    await sim.notify_quality("THROUGHPUT_UPGRADE", "TIER_UNLIMITED")
    limits = [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_790_600_000}]
    await sim.notify_account("ACCOUNT_RESTRICTION", restriction_info=limits)


async def test_notices_of_the_platform_look_like_the_documented_examples(sim: Simulator) -> None:
    await _platform_kinds(sim)
    bodies = await emitted(sim)
    for kind, body in zip(("template_status", "phone_quality", "account_restricted"), bodies, strict=True):
        assert paths(body) == paths(example(kind)), kind


async def test_pywa_reads_the_review_of_a_template(wa: WhatsApp, sim: Simulator) -> None:
    await _platform_kinds(sim)
    update = parsed(wa, (await emitted(sim))[0])
    assert isinstance(update, TemplateStatusUpdate)
    assert (update.template_name, update.template_language.value) == ("edaran_lama", "id")
    assert update.new_status.value == "REJECTED"
    assert update.reason is not None
    assert update.reason.value == "INVALID_FORMAT"


async def test_pywa_reads_a_notice_about_the_account(wa: WhatsApp, sim: Simulator) -> None:
    ban = {"waba_ban_state": "DISABLE", "waba_ban_date": "January 2, 2027"}
    await sim.notify_account("DISABLED_UPDATE", ban_info=ban)
    update = parsed(wa, (await emitted(sim))[0])
    assert isinstance(update, AccountUpdate)
    assert update.ban_info is not None
    assert update.ban_info.date == date(2027, 1, 2)
    assert update.timestamp <= datetime.now(UTC)


# --- the old form, and the signature -------------------------------------------------------------


async def test_the_old_form_has_numbers_and_no_ids(sim: Simulator, person: Person) -> None:
    await sim.faults(without_user_ids=True)
    await person.says("halo")
    (body,) = await emitted(sim)
    assert paths(body) == paths(example("text_without_user_id"))


def test_a_body_is_signed_as_the_platform_signs() -> None:
    body = encoded([{"id": "1", "text": "é 👍"}])
    expected = hmac.new(b"rahasia", body, hashlib.sha256).hexdigest()
    assert signature("rahasia", body) == f"sha256={expected}"
    assert body.isascii()
    assert json.loads(body)["entry"][0]["text"] == "é 👍"


async def test_pywa_accepts_the_signature_and_no_other(wa: WhatsApp) -> None:
    body = encoded([])
    assert await wa.webhook_update_validator(body, signature(Account().app_secret, body)) is None
    assert await wa.webhook_update_validator(body + b" ", signature(Account().app_secret, body)) is not None
