"""What a person can send: the type of a message and what belongs to it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bot.simulating.errors import GraphError, Json
from bot.simulating.people import Person

if TYPE_CHECKING:
    from bot.simulating.cloud import File

MEDIA = ("document", "image", "audio", "video", "sticker")


def text(body: str, quotes: str | None, business: str) -> Json:
    """`quotes`: the id of the message that she answers; `business`: who wrote that one."""
    return {"type": "text", "text": {"body": body}} | _context(quotes, business)


def choice(seen: Json, chosen: str, business: str) -> Json:
    """She presses a button or picks a row of the message `seen`, named by its id or title. Raises
    LookupError."""
    for button in seen["buttons"]:
        if chosen in (button["id"], button["title"]):
            return _pressed(seen, button) | _context(seen["id"], business)
    for row in seen["rows"]:
        if chosen in (row["id"], row["title"]):
            picked = {key: row[key] for key in ("id", "title", "description") if row[key] is not None}
            answer = {"type": "list_reply", "list_reply": picked}
            return {"type": "interactive", "interactive": answer} | _context(seen["id"], business)
    raise LookupError(chosen)


def _pressed(seen: Json, button: Json) -> Json:
    if seen["kind"] == "template":
        return {"type": "button", "button": {"payload": button["id"], "text": button["title"]}}
    answer = {"id": button["id"], "title": button["title"]}
    return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": answer}}


def card(name: str, phone: str, *, on_whatsapp: bool = True) -> Json:
    """A contact card of anybody, chosen from the address book."""
    number = {"phone": f"+{phone}", "type": "CELL"} | ({"wa_id": phone} if on_whatsapp else {})
    contact = {"name": {"formatted_name": name, "first_name": name.split()[0]}, "phones": [number]}
    return {"type": "contacts", "contacts": [contact]}


def own_number(person: Person, request: str, business: str) -> Json:
    """Her number, shared by the button of a request: the platform vouches that it is hers."""
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"FN:{person.name}", f"TEL;TYPE=CELL:+{person.phone}", "END:VCARD")
    contact = {
        "name": {"formatted_name": person.name},
        "vcard": "\n".join(lines),
        "phones": [{"phone": f"+{person.phone}", "wa_id": person.phone}],
    }
    return {"type": "contacts", "origin": "contact_request", "contacts": [contact]} | _context(
        request, business
    )


def media(kind: str, file: File, url: str, caption: str | None) -> Json:
    """A file of hers, uploaded before. Raises GraphError for a kind that is none of MEDIA."""
    if kind not in MEDIA:
        raise GraphError(131051, f"type {kind!r}; known: {', '.join(MEDIA)}")
    content: Json = {
        "id": file.id,
        "mime_type": file.mime_type,
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "url": url,
    }
    optional = {
        "caption": caption,
        "filename": file.filename if kind == "document" else None,
        "voice": True if kind == "audio" else None,
        "animated": False if kind == "sticker" else None,
    }
    return {"type": kind, kind: content | {key: one for key, one in optional.items() if one is not None}}


def location(latitude: float, longitude: float, name: str | None, address: str | None) -> Json:
    place: Json = {"latitude": latitude, "longitude": longitude}
    named = {"name": name, "address": address}
    return {"type": "location", "location": place | {key: one for key, one in named.items() if one}}


def reaction(emoji: str, wamid: str) -> Json:
    return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": emoji}}


def unsupported(kind: str) -> Json:
    """Something that the platform does not pass on, like a poll (`poll_creation`)."""
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return {"type": "unsupported", "errors": [error], "unsupported": {"type": kind}}


def _context(quotes: str | None, business: str) -> Json:
    return {"context": {"from": business, "id": quotes}} if quotes else {}
