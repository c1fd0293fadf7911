"""What a webhook's body says, as events. Pure.

One body can hold several accounts, changes and messages. pywa reads only the first of them, and drops a
message without a user id and a status without contacts; so this reader is our own, and pywa's is the one
that checks it in the tests. What cannot be read at all is counted, and its body is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as hidden
from functools import partial
from typing import Any, TypeAlias

from bot.model import Contact

VERSION = "1"
"""Of this reader: a later one reads again what this one could not."""

OBJECT = "whatsapp_business_account"

CAPTIONED = ("image", "video", "document")
SILENT = frozenset({"reaction", "edit", "revoke"})
"""Kinds of messages that nobody expects an answer to."""

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
"""What reading raises where a part is not made as documented."""

LATEST = 1 << 40
"""Seconds since 1970: a moment after it is no moment, and no database need hold it."""

HIGHEST = (1 << 31) - 1
"""Of the codes of errors."""

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """At least one is given. `number`: digits, as WhatsApp vouches for it."""

    user_id: str | None = hidden(repr=False)
    number: str | None = hidden(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """`text` "" for what cannot be read as text; `action`: the payload of a button or of a list's row.
    `opened`: nothing was written, the person opened the chat for the first time. `forwarded`: the text is
    one that was sent elsewhere before."""

    id: str
    person: Person
    at: int
    text: str = hidden(default="", repr=False)
    action: str | None = None
    contact: Contact | None = hidden(default=None, repr=False)
    opened: bool = False
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message of ours. They come in any order, and not all of them. `state`: sent,
    delivered, read, played, failed. `errors`: codes. `billable` None: not said. `tag`: what we said of the
    message when it was sent."""

    message_id: str
    state: str
    at: int
    person: Person
    errors: tuple[int, ...] = ()
    billable: bool | None = None
    category: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Renamed:
    """An account has other names now; None: that name is as before."""

    id: str
    old: Person
    new: Person


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the account itself, such as a template's approval. `field`: the webhook's."""

    field: str
    value: Json = hidden(repr=False)


Event: TypeAlias = Message | Status | Renamed | Notice


@dataclass(frozen=True, slots=True)
class Reading:
    """`unread`: how many parts could not be read."""

    events: Sequence[Event] = ()
    unread: int = 0


def read(body: bytes, phone_id: str) -> Reading:
    """The events of one body that concern our number."""
    try:
        whole = json.loads(body)
        changes = [change for entry in whole["entry"] for change in entry["changes"]]
    except (ValueError, RecursionError, KeyError, TypeError):
        return Reading(unread=1)
    events: list[Event] = []
    unread = 0
    for change in changes:
        try:
            parts = list(_parts(change, phone_id))
        except UNREADABLE:
            unread += 1
            continue
        for part in parts:
            try:
                event = part()
            except UNREADABLE:
                unread += 1
            else:
                events += [] if event is None else [event]
    return Reading(events, unread)


def _parts(change: Json, phone_id: str) -> Iterator[Callable[[], Event | None]]:
    """What waits to be read: one bad message must not cost the others of its change."""
    name, value = _string(change["field"]), change["value"]
    if name != "messages":
        yield partial(Notice, name, dict(value))
        return
    addressed = (value.get("metadata") or {}).get("phone_number_id")
    if addressed not in (None, phone_id):
        return
    contacts = value.get("contacts") or []
    for message in value.get("messages") or []:
        yield partial(_message, message, contacts)
    for status in value.get("statuses") or []:
        yield partial(_status, status, contacts)


# --- messages --------------------------------------------------------------------------------


def _message(raw: Json, contacts: Sequence[Json]) -> Event | None:
    """None: not for the bot (a reaction, a group's talk)."""
    kind = _string(raw["type"])
    if kind == "system":
        return _renamed(raw)
    if kind in SILENT or "group_id" in raw:
        return None
    person = _sender(raw, contacts)
    base = Message(_name(raw["id"]), person, _moment(raw))
    return _with_content(base, kind, raw)


def _with_content(base: Message, kind: str, raw: Json) -> Message | None:
    make = {"text": _typed, "interactive": _chosen, "button": _pressed, "contacts": _card}.get(kind)
    if make is not None:
        return make(base, raw)
    if kind == "request_welcome":
        return Message(base.id, base.person, base.at, opened=True)
    if kind in CAPTIONED:
        return _written(base, raw[kind].get("caption") or "", raw)
    return base


def _typed(base: Message, raw: Json) -> Message:
    return _written(base, raw["text"]["body"], raw)


def _written(base: Message, text: Any, raw: Json) -> Message:
    return Message(base.id, base.person, base.at, _text(text), forwarded=_forwarded(raw))


def _forwarded(raw: Json) -> bool:
    context = raw.get("context")
    if not isinstance(context, Mapping):
        return False
    return bool(context.get("forwarded") or context.get("frequently_forwarded"))


def _chosen(base: Message, raw: Json) -> Message | None:
    """None: the answer to something that we never send (a form, a call)."""
    reply = raw["interactive"].get("button_reply") or raw["interactive"].get("list_reply")
    return Message(base.id, base.person, base.at, action=_string(reply["id"])) if reply else None


def _pressed(base: Message, raw: Json) -> Message:
    """A button of a template."""
    return Message(base.id, base.person, base.at, action=_string(raw["button"]["payload"]))


def _card(base: Message, raw: Json) -> Message:
    """The sender's own number: the one that WhatsApp vouches for anyway, or the one that it shares when she
    answers our request. A card that she picked herself can hold anything."""
    cards = raw["contacts"]
    phones = [phone for card in cards for phone in card.get("phones") or []]
    numbers = {number for phone in phones if (number := _digits(phone.get("wa_id") or phone.get("phone")))}
    asked = len(cards) == 1 and len(numbers) == 1 and _origin(raw, cards[0]) == "contact_request"
    vouched = base.person.number
    own = (vouched in numbers) if vouched else (asked and not _forwarded(raw))
    number = vouched if own and vouched else next(iter(numbers), "")
    return Message(base.id, base.person, base.at, contact=Contact(f"+{number}", own=own))


def _origin(raw: Json, card: Json) -> Any:
    return card.get("origin") or raw.get("origin")


def _renamed(raw: Json) -> Renamed | None:
    """None: a system message that changes no name."""
    system = raw["system"]
    new = _person(system.get("user_id"), system.get("wa_id") or system.get("new_wa_id"))
    old_id = system.get("previous_user_id") or raw.get("from_user_id")
    old = _person(old_id, system.get("customer") or raw.get("from"))
    if new == Person(None, None) or old == Person(None, None) or "identity" in raw:
        return None
    return Renamed(_name(raw["id"]), old, new)


# --- statuses --------------------------------------------------------------------------------


def _status(raw: Json, contacts: Sequence[Json]) -> Status:
    pricing = raw.get("pricing") or {}
    errors = tuple(_whole(error["code"], HIGHEST) for error in raw.get("errors") or ())
    billable, category = pricing.get("billable"), pricing.get("category")
    tag = raw.get("biz_opaque_callback_data")
    return Status(
        _name(raw["id"]),
        _string(raw["status"]).lower(),
        _moment(raw),
        _completed(_person(raw.get("recipient_user_id"), raw.get("recipient_id")), contacts),
        errors,
        billable if isinstance(billable, bool) else None,
        _string(category) if category else None,
        _text(tag) if isinstance(tag, str) else None,
    )


# --- people ----------------------------------------------------------------------------------


def _sender(raw: Json, contacts: Sequence[Json]) -> Person:
    """Raises ValueError if nothing says who it is."""
    person = _completed(_person(raw.get("from_user_id"), raw.get("from")), contacts)
    if person == Person(None, None):
        raise ValueError("a message of nobody")
    return person


def _completed(named: Person, contacts: Sequence[Json]) -> Person:
    """With the name that only the contacts beside it give."""
    for card in contacts:
        beside = _person(card.get("user_id"), card.get("wa_id"))
        same = named.user_id and named.user_id == beside.user_id
        same = same or (named.number and named.number == beside.number)
        if same or (named == Person(None, None) and len(contacts) == 1):
            return Person(named.user_id or beside.user_id, named.number or beside.number)
    return named


def _digits(number: Any) -> str | None:
    text = str(number) if isinstance(number, int) else _string(number or "")
    if not (text.isascii() and text.isdigit()):
        text = "".join(letter for letter in text if letter in "0123456789")
    return text or None


def _person(user_id: Any, number: Any) -> Person:
    return Person(_name(user_id) if user_id else None, _digits(number))


# --- values ----------------------------------------------------------------------------------


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("something else where a text belongs")
    return value


def _name(value: Any) -> str:
    """An id under which something is kept: with one that no database takes nothing could be done."""
    name = _string(value)
    if not name or "\0" in name:
        raise ValueError("an id that names nothing")
    name.encode()  # half of a surrogate pair: UnicodeEncodeError is a ValueError
    return name


def _text(value: Any) -> str:
    """What a person wrote, without what is no letter: JSON can hold half of a surrogate pair, and NUL."""
    return _string(value).encode(errors="replace").decode().replace("\0", "")


def _moment(raw: Json) -> int:
    """Seconds since 1970."""
    return _whole(raw["timestamp"], LATEST)


def _whole(value: Any, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError("a number beyond what it can be")
    return number
