"""What a person sees of a message: one flat JSON object, the same for every type."""

from __future__ import annotations

from bot.simulating.errors import Json
from bot.simulating.parts import Buttons, Choices, ContactRequest, Header, Interactive, Link, Media
from bot.simulating.requests import Message
from bot.simulating.templates import Filled


def shown(message: Message, texts: Filled | None) -> Json:
    """`kind`, `text`, `header`, `footer`, `buttons` and `rows` (each with id and title), `list_button`,
    `link`, `file` (id or link, filename), `template` (name and language), `quotes` (id of a message).
    `texts`: those of a filled-in template."""
    seen: Json = {
        "kind": message.type,
        "text": "",
        "header": None,
        "footer": None,
        "buttons": [],
        "rows": [],
        "list_button": None,
        "link": None,
        "file": None,
        "template": None,
        "quotes": message.context.message_id if message.context else None,
    }
    if message.text is not None:
        return seen | {"text": message.text.body}
    if message.template is not None and texts is not None:
        return seen | _template(message, texts)
    if message.interactive is not None:
        return seen | _interactive(message.interactive)
    if message.media is not None:
        caption = getattr(message.media, "caption", None)
        return seen | {"text": caption or "", "file": _file(message.media)}
    place = message.location
    return seen | {"text": f"{place.latitude}, {place.longitude}" if place else ""}


def _interactive(part: Interactive) -> Json:
    seen = {"text": part.body.text, "footer": part.footer.text if part.footer else None} | _header(
        part.header
    )
    match part:
        case Buttons():
            buttons = [{"id": one.reply.id, "title": one.reply.title} for one in part.action.buttons]
            return seen | {"kind": "buttons", "buttons": buttons}
        case Choices():
            rows = [
                {"id": row.id, "title": row.title, "description": row.description, "section": section.title}
                for section in part.action.sections
                for row in section.rows
            ]
            return seen | {"kind": "list", "rows": rows, "list_button": part.action.button}
        case Link():
            return seen | {"kind": "link", "link": part.action.parameters.model_dump()}
        case ContactRequest():
            return seen | {"kind": "contact_request"}


def _header(header: Header | None) -> Json:
    if header is None:
        return {}
    media = header.document or header.image or header.video
    return {"header": header.text, "file": _file(media) if media else None}


def _template(message: Message, texts: Filled) -> Json:
    template = message.template
    return {
        "text": texts.body,
        "header": texts.header,
        "footer": texts.footer,
        "buttons": [{"id": payload, "title": label} for payload, label in texts.buttons],
        "file": _file(texts.media) if texts.media else None,
        "template": {"name": template.name, "language": template.language.code} if template else None,
    }


def _file(media: Media) -> Json:
    return media.model_dump(exclude_none=True, exclude={"caption"})
