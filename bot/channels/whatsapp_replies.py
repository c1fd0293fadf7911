"""A reply as WhatsApp messages: text, up to three buttons, lists of up to ten rows. Pure.

WhatsApp cannot change a message that was sent, so a reply that would replace one is a new one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pywa.types.callback import Button as Key
from pywa.types.callback import ContactInfoRequestButton, Section, SectionList, SectionRow

from bot.channels.whatsapp_text import BODY, TEXT, headed, parts, units
from bot.model import Button, Reply

log = logging.getLogger(__name__)

KEYS, KEY_LABEL, KEY_ID = 3, 20, 256
ROWS, ROW_LABEL, ROW_ID, ROW_DETAIL = 10, 24, 200, 72
CONTACT = "request_contact_info"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call. `kind`: WhatsApp's type of message; `content`: what the call holds under that name; `tag`:
    comes back with every status of the message."""

    kind: str
    content: Mapping[str, Any]
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """`choose`: on the button that opens a list (≤ 20 characters); `more`: above the rows that did not fit
    into the first list."""

    choose: str
    more: str


def messages(reply: Reply, wording: Wording) -> list[Outgoing]:
    """The calls for a reply, in order; its attachment is not among them."""
    buttons = [button for row in reply.buttons for button in row if _fits(button)]
    asks = reply.contact is not None and bool(reply.contact.share)
    texts = parts(headed(reply.text), BODY if buttons or asks else TEXT)
    if not texts:
        return []
    *before, last = texts
    if asks:
        action = ContactInfoRequestButton().to_dict()
        return [*map(text_message, before), _interactive(CONTACT, last, action)]
    if not buttons:
        return [text_message(text) for text in texts]
    return [*map(text_message, before), *_with_buttons(last, buttons, wording)]


def text_message(text: str) -> Outgoing:
    return Outgoing("text", {"body": text, "preview_url": False})


def _with_buttons(text: str, buttons: Sequence[Button], wording: Wording) -> Iterator[Outgoing]:
    if _are_keys(buttons):
        keys = [Key(_short(b.label, KEY_LABEL), b.action).to_dict() for b in buttons]
        yield _interactive("button", text, {"buttons": keys})
        return
    for at in range(0, len(buttons), ROWS):
        rows = [_row(button) for button in buttons[at : at + ROWS]]
        action = SectionList(_short(wording.choose, KEY_LABEL), [Section(wording.choose[:ROW_LABEL], rows)])
        yield _interactive("list", text if at == 0 else wording.more, action.to_dict())


def _are_keys(buttons: Sequence[Button]) -> bool:
    """Few, short, and told apart by their labels, as WhatsApp demands of buttons."""
    labels = {_short(button.label, KEY_LABEL) for button in buttons}
    short = all(units(button.label) <= KEY_LABEL for button in buttons)
    return len(buttons) <= KEYS and len(labels) == len(buttons) and short


def _row(button: Button) -> SectionRow:
    """A label that is too long stands whole below its beginning."""
    long = units(button.label) > ROW_LABEL
    detail = _short(button.label, ROW_DETAIL) if long else None
    return SectionRow(_short(button.label, ROW_LABEL), button.action, detail)


def _interactive(kind: str, text: str, action: Mapping[str, Any]) -> Outgoing:
    return Outgoing("interactive", {"type": kind, "body": {"text": text}, "action": action})


def _short(label: str, most: int) -> str:
    label = " ".join(label.split())
    if units(label) <= most:
        return label
    while units(label) > most - 1:
        label = label[:-1]
    return label.rstrip() + "…"


def _fits(button: Button) -> bool:
    """A button that WhatsApp does not take is left out: it would take the whole answer with it."""
    fits = 0 < len(button.action) <= ROW_ID and bool(button.label.strip())
    if not fits:
        log.error("a button's action has %d characters, not 1 to %d", len(button.action), ROW_ID)
    return fits
