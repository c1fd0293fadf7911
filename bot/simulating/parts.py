"""What messages are made of: fields and limits, as the platform has them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Label = Annotated[str, Field(min_length=1, max_length=20)]
Line = Annotated[str, Field(min_length=1, max_length=60)]
ROWS = 10
"""In all sections of a list together."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    body: Annotated[str, Field(min_length=1, max_length=4096)]
    preview_url: bool | None = None


class Media(Part):
    """One of `id` (uploaded before) and `link`."""

    id: str | None = None
    link: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.id is None) == (self.link is None):
            raise ValueError("give either id or link")
        return self


class Captioned(Media):
    caption: Annotated[str, Field(max_length=1024)] | None = None


class Named(Media):
    filename: Annotated[str, Field(max_length=240)] | None = None


class Document(Captioned, Named):
    pass


class Caption(Part):
    text: Line


class Body(Part):
    text: Annotated[str, Field(min_length=1, max_length=1024)]


class Header(Part):
    type: Literal["text", "image", "video", "document"]
    text: Line | None = None
    image: Media | None = None
    video: Media | None = None
    document: Named | None = None

    @model_validator(mode="after")
    def _content(self) -> Self:
        if getattr(self, self.type) is None:
            raise ValueError(f"a header of type {self.type} needs {self.type}")
        return self


class Reply(Part):
    id: Annotated[str, Field(min_length=1, max_length=256)]
    title: Label


class ReplyButton(Part):
    type: Literal["reply"]
    reply: Reply


class ButtonAction(Part):
    buttons: Annotated[list[ReplyButton], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _different(self) -> Self:
        _unlike([button.reply.id for button in self.buttons], "button id")
        _unlike([button.reply.title for button in self.buttons], "button title")
        return self


class Row(Part):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=24)]
    description: Annotated[str, Field(max_length=72)] | None = None


class Section(Part):
    title: Annotated[str, Field(max_length=24)] | None = None
    rows: Annotated[list[Row], Field(min_length=1)]


class ListAction(Part):
    button: Label
    sections: Annotated[list[Section], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _rows(self) -> Self:
        rows = [row for section in self.sections for row in section.rows]
        if len(rows) > ROWS:
            raise ValueError(f"{len(rows)} rows in all sections, at most {ROWS}")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("each of several sections needs a title")
        _unlike([row.id for row in rows], "row id")
        return self


class Address(Part):
    display_text: Label
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]


class LinkAction(Part):
    name: Literal["cta_url"]
    parameters: Address


class _Interactive(Part):
    header: Header | None = None
    body: Body
    footer: Caption | None = None


class Buttons(_Interactive):
    type: Literal["button"]
    action: ButtonAction


class Choices(_Interactive):
    type: Literal["list"]
    action: ListAction

    @model_validator(mode="after")
    def _plain_header(self) -> Self:
        if self.header is not None and self.header.type != "text":
            raise ValueError("the header of a list is text")
        return self


class Link(_Interactive):
    type: Literal["cta_url"]
    action: LinkAction


class Asking(Part):
    name: Literal["request_contact_info"]


class ContactRequest(_Interactive):
    """Asks for the person's own number, vouched for by the platform."""

    type: Literal["request_contact_info"]
    action: Asking


class Language(Part):
    code: str
    policy: Literal["deterministic"] | None = None


class Money(Part):
    code: str
    amount_1000: int
    fallback_value: str


class Moment(Part):
    fallback_value: str


def _lower(value: object) -> object:
    """The platform takes these words in any case."""
    return value.lower() if isinstance(value, str) else value


class Parameter(Part):
    """The value of one hole, a header's file, or a button's payload."""

    type: Annotated[
        Literal["text", "currency", "date_time", "image", "document", "video", "payload"],
        BeforeValidator(_lower),
    ]
    parameter_name: str | None = None
    text: str | None = None
    payload: str | None = None
    currency: Money | None = None
    date_time: Moment | None = None
    image: Media | None = None
    document: Named | None = None
    video: Media | None = None

    @property
    def words(self) -> str:
        """What stands in the text; '' if nothing does."""
        other = self.currency or self.date_time
        return self.text or (other.fallback_value if other else "")

    @property
    def media(self) -> Media | None:
        return self.image or self.document or self.video


class Component(Part):
    type: Annotated[Literal["header", "body", "footer", "button"], BeforeValidator(_lower)]
    sub_type: Annotated[Literal["quick_reply", "url"] | None, BeforeValidator(_lower)] = None
    index: int | str | None = None
    parameters: list[Parameter] = []


class Template(Part):
    name: str
    language: Language
    components: list[Component] = []


class Context(Part):
    message_id: str


class Location(Part):
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


Interactive = Buttons | Choices | Link | ContactRequest


def _unlike(values: list[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"the same {what} twice")
