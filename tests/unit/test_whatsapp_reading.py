"""What the bot understands of a webhook. pywa's parser is the second opinion wherever it reads at all."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pywa.types.message_status import MessageStatus as PywaStatus
from pywa_async.types.callback import CallbackButton, CallbackSelection
from pywa_async.types.message import Message as PywaMessage

from bot.channels.whatsapp_reading import Message, Notice, Person, Renamed, Status, read
from bot.model import Contact
from tests.whatsapp import ACCOUNT
from tests.whatsapp_oracle import example as documented
from tests.whatsapp_oracle import example_names, parsed, pywa

Json = dict[str, Any]


def phone_id(body: Json) -> str:
    metadata = body["entry"][0]["changes"][0]["value"].get("metadata") or {}
    return str(metadata.get("phone_number_id"))


def read_one(body: Json) -> Any:
    """The only event of a body."""
    [event] = read(json.dumps(body).encode(), phone_id(body)).events
    return event


def value(body: Json) -> Json:
    found: Json = body["entry"][0]["changes"][0]["value"]
    return found


@pytest.mark.parametrize("name", example_names())
def test_every_documented_webhook_is_read_whole(name: str) -> None:
    body = documented(name)
    assert read(json.dumps(body).encode(), phone_id(body)).unread == 0


@pytest.mark.parametrize("name", example_names())
def test_what_pywa_reads_says_the_same_here(name: str) -> None:
    body = documented(name)
    try:
        theirs = parsed(pywa(ACCOUNT, "http://nowhere"), body)
    except (KeyError, IndexError, AssertionError):
        pytest.skip("pywa loses it")
    events = read(json.dumps(body).encode(), phone_id(body)).events
    if isinstance(theirs, CallbackButton | CallbackSelection):
        assert events[0] == Message(theirs.id, person(theirs), at(theirs), action=str(theirs.data))
    elif isinstance(theirs, PywaMessage) and theirs.type != "reaction":
        [ours] = events
        assert isinstance(ours, Message)
        assert (ours.id, ours.person, ours.at) == (theirs.id, person(theirs), at(theirs))
        assert ours.text == (theirs.text or theirs.caption or "")
    elif isinstance(theirs, PywaStatus):
        [ours] = events
        assert isinstance(ours, Status)
        assert (ours.message_id, ours.state, ours.at) == (theirs.id, theirs.status.value, at(theirs))
        assert ours.errors == ((theirs.error.code,) if theirs.error else ())
        assert ours.tag == theirs.tracker


def person(update: Any) -> Person:
    return Person(update.from_user.bsuid, update.from_user.wa_id)


def at(update: Any) -> int:
    return int(update.timestamp.timestamp())


@pytest.mark.parametrize("name", ["text_without_user_id", "status_failed"])
def test_what_pywa_loses_is_read(name: str) -> None:
    with pytest.raises((KeyError, IndexError)):
        parsed(pywa(ACCOUNT, "http://nowhere"), documented(name))
    assert isinstance(read_one(documented(name)), Message | Status)


def test_what_was_said_of_a_message_comes_back_with_its_failure_too() -> None:
    body = documented("status_failed")
    assert read_one(body).tag == "kiriman:1"
    value(body)["statuses"][0]["biz_opaque_callback_data"] = ["?"]
    assert read_one(body).tag is None


def test_a_body_with_several_messages_is_read_to_its_end() -> None:
    body = documented("text")
    second = value(body)["messages"][0] | {"id": "wamid.second"}
    value(body)["messages"].append(second)
    other = json.loads(json.dumps(body["entry"][0]))
    for message, name in zip(other["changes"][0]["value"]["messages"], "cd", strict=True):
        message["id"] = name
    body["entry"].append(other)
    events = read(json.dumps(body).encode(), phone_id(body)).events
    assert [event.id for event in events if isinstance(event, Message)][1:] == ["wamid.second", "c", "d"]


def test_a_message_without_contacts_has_its_sender_all_the_same() -> None:
    body = documented("text")
    del value(body)["contacts"]
    raw = value(body)["messages"][0]
    assert read_one(body).person == Person(raw.get("from_user_id"), raw.get("from"))


def test_a_message_of_nobody_is_not_read_and_the_ones_beside_it_are() -> None:
    body = documented("text")
    del value(body)["contacts"]
    nobody = {key: v for key, v in value(body)["messages"][0].items() if not key.startswith("from")}
    value(body)["messages"].insert(0, nobody)
    reading = read(json.dumps(body).encode(), phone_id(body))
    assert (len(reading.events), reading.unread) == (1, 1)


def test_a_message_to_another_number_of_the_office_is_not_ours() -> None:
    assert read(json.dumps(documented("text")).encode(), "another").events == []


def test_talk_in_a_group_is_not_for_the_bot() -> None:
    body = documented("text")
    value(body)["messages"][0]["group_id"] = "g"
    assert read(json.dumps(body).encode(), phone_id(body)).events == []


def test_a_kind_of_message_that_does_not_exist_yet_is_one_without_text() -> None:
    body = documented("text")
    value(body)["messages"][0] |= {"type": "hologram", "hologram": {"id": 1}}
    assert read_one(body).text == ""


def test_whoever_opens_the_chat_is_welcomed() -> None:
    body = documented("text")
    value(body)["messages"][0] |= {"type": "request_welcome"}
    assert read_one(body).opened


def test_notices_about_the_account_are_handed_on() -> None:
    event = read_one(documented("template_status"))
    assert isinstance(event, Notice)
    assert event.field == "message_template_status_update"


def test_a_changed_number_keeps_the_person() -> None:
    event = read_one(documented("number_changed"))
    assert isinstance(event, Renamed)
    assert event.old.number != event.new.number


# --- contacts --------------------------------------------------------------------------------


def card(number: str, **more: Any) -> Json:
    """A message with a contact card of this number."""
    body = documented("text")
    raw = value(body)["messages"][0]
    raw |= {"type": "contacts", "contacts": [{"phones": [{"phone": f"+{number}", "wa_id": number}]} | more]}
    return body


def hidden(body: Json) -> Json:
    """The same, from somebody whose number is not shown."""
    value(body)["messages"][0].pop("from")
    value(body)["contacts"][0].pop("wa_id")
    return body


def test_the_card_of_the_number_that_whatsapp_vouches_for_is_the_senders_own() -> None:
    number = value(documented("text"))["contacts"][0]["wa_id"]
    assert read_one(card(number)).contact == Contact(f"+{number}", own=True)


def test_somebody_elses_card_is_not() -> None:
    assert read_one(card("6280000009999")).contact == Contact("+6280000009999", own=False)
    asked = card("6280000009999", origin="contact_request")
    assert not read_one(asked).contact.own


def test_a_number_shared_on_request_is_vouched_for_where_it_is_not_shown() -> None:
    asked = hidden(card("6280000009999", origin="contact_request"))
    assert read_one(asked).contact == Contact("+6280000009999", own=True)


@pytest.mark.parametrize("more", [{}, {"origin": "other"}])
def test_a_card_that_was_picked_proves_nothing_where_the_number_is_not_shown(more: Json) -> None:
    assert not read_one(hidden(card("6280000009999", **more))).contact.own


def test_a_forwarded_answer_to_a_request_proves_nothing() -> None:
    body = hidden(card("6280000009999", origin="contact_request"))
    value(body)["messages"][0]["context"] = {"forwarded": True}
    assert not read_one(body).contact.own


@pytest.mark.parametrize("how", ["forwarded", "frequently_forwarded"])
def test_what_somebody_else_wrote_is_told_from_her_own_words(how: str) -> None:
    body = hidden(card("6280000009999"))
    said = value(body)["messages"][0]
    said |= {"type": "text", "text": {"body": "sudah baca"}}
    assert not read_one(body).forwarded
    said["context"] = {how: True}
    assert (read_one(body).text, read_one(body).forwarded) == ("sudah baca", True)
    said |= {"type": "image", "image": {"caption": "sudah baca"}}
    assert (read_one(body).text, read_one(body).forwarded) == ("sudah baca", True)


# --- anything --------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(codec=None), max_size=5)
"""Also halves of surrogate pairs and NUL, which JSON can hold and no database takes."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    assert read(body, "1").unread in (0, 1)


@given(st.sampled_from(example_names()), st.integers(0, 60), JSON)
@example("audio", 8, 1)
@example("text", 8, 1)
@example("text", 12, float("inf"))
@example("status_failed", 26, 1 << 70)
def test_no_change_of_a_webhook_breaks_the_reader(name: str, where: int, new: Any) -> None:
    """Something is replaced by anything else, anywhere in a documented body."""
    body = documented(name)
    places: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node) if isinstance(node, list) else 0):
            places.append((node, key))
            collect(node[key])

    expected = phone_id(body)
    collect(body)
    node, key = places[where % len(places)]
    node[key] = new
    for event in read(json.dumps(body).encode(), expected).events:
        if not isinstance(event, Notice):
            can_be_kept(asdict(event))


def can_be_kept(value: Any) -> None:
    """Asserts that any database takes it."""
    if isinstance(value, dict):
        for part in value.values():
            can_be_kept(part)
    elif isinstance(value, str):
        value.encode()
        assert "\0" not in value
    elif isinstance(value, list | tuple):
        assert all(0 <= code < 1 << 31 for code in value)
    else:
        assert value is None or isinstance(value, bool) or -(1 << 63) <= value < 1 << 63


def test_what_is_no_letter_is_left_out_of_a_text() -> None:
    body = documented("text")
    value(body)["messages"][0]["text"]["body"] = "boleh\ud83d live\0?"
    assert read_one(body).text == "boleh? live?"


def test_one_bad_message_does_not_cost_the_others() -> None:
    body = documented("text")
    good = value(body)["messages"][0]
    value(body)["messages"] = [1, good, {**good, "timestamp": "x"}]
    reading = read(json.dumps(body).encode(), phone_id(body))
    assert (len(reading.events), reading.unread) == (1, 2)


def test_a_deeply_nested_body_is_kept_unread() -> None:
    assert read(b"[" * 100_000, "1").unread == 1
