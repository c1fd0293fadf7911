"""Which messages the platform takes, and how it refuses what does not fit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from bot.simulating.errors import GraphError
from bot.simulating.parts import (
    Captioned,
    Context,
    Document,
    Interactive,
    Location,
    Media,
    Part,
    Template,
    Text,
)

CONTENT = ("text", "interactive", "template", "document", "image", "audio", "video", "location")
"""The types that are simulated; the platform knows more."""


class Message(Part):
    """A message to one person: to her number (`to`) or to her business-scoped user id (`recipient`)."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: str | None = None
    recipient: str | None = None
    type: str = "text"
    context: Context | None = None
    biz_opaque_callback_data: Annotated[str, Field(max_length=512)] | None = None
    recipient_identity_key_hash: str | None = None
    message_activity_sharing: bool | None = None
    text: Text | None = None
    interactive: Annotated[Interactive, Field(discriminator="type")] | None = None
    template: Template | None = None
    document: Document | None = None
    image: Captioned | None = None
    audio: Media | None = None
    video: Captioned | None = None
    location: Location | None = None

    @property
    def media(self) -> Media | None:
        return self.document or self.image or self.audio or self.video


def read_message(body: Any) -> Message:
    """The message of a call. Raises GraphError: 100 for unknown and missing fields of the call, 131008 for
    missing and 131009 for wrong values of the message, 131051 for a type that is not simulated."""
    if not isinstance(body, dict):
        raise GraphError(100, "the body is not a JSON object")
    kind = body.get("type", "text")
    if kind not in CONTENT:
        raise GraphError(131051, f"type {kind!r} is not simulated; known: {', '.join(CONTENT)}")
    try:
        message = Message.model_validate(body)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from None
    if message.to is None and message.recipient is None:
        raise GraphError(100, "the parameter to or recipient is required")
    if getattr(message, kind) is None:
        raise GraphError(131008, f"parameter {kind} is required for messages of type {kind}")
    return message


def _refusal(error: ErrorDetails) -> GraphError:
    place = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            code = 100 if len(error["loc"]) == 1 else 131008
            return GraphError(code, f"parameter {place} is required")
        case "extra_forbidden":
            return GraphError(100, f"unexpected key {place}")
        case "string_too_long" if place == "text.body":
            return GraphError(100, f"parameter {place}: {error['msg']}")
        case _:
            return GraphError(131009, f"parameter {place}: {error['msg']}")
