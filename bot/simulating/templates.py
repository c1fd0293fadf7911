"""Message templates: submitted, reviewed, filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.simulating.errors import GraphError, Json
from bot.simulating.parts import Media, Parameter
from bot.simulating.parts import Template as Wanted

Place = tuple[str, int]
"""The type of a component, and its index among those of its kind."""

UNFIT = re.compile(r"[\n\t]| {5}")
HOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NAME = re.compile(r"[a-z0-9_]{1,512}")
STATUSES = ("PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
LONGEST = 1024
"""Characters of a filled-in body."""


@dataclass(slots=True)
class Template:
    id: str
    name: str
    language: str
    category: str
    status: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"
    rejected_reason: str = "NONE"

    def described(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": self.status,
            "parameter_format": self.parameter_format,
            "components": self.components,
            "rejected_reason": self.rejected_reason,
        }

    def component(self, kind: str) -> Json:
        """The component of that type; {} if there is none."""
        found = (one for one in self.components if str(one.get("type", "")).upper() == kind)
        return next(found, {})


@dataclass(slots=True)
class Templates:
    """Those of one account, by name and language."""

    all: dict[tuple[str, str], Template] = field(default_factory=dict)

    def submit(self, body: Any, number: int, approved: bool) -> Template:
        """A new template. Raises GraphError 100 for one that is ill-formed or exists."""
        new = _read(body, str(910_000_000_000_000 + number), "APPROVED" if approved else "PENDING")
        if (new.name, new.language) in self.all:
            raise GraphError(100, f"there is already {new.language} content for template {new.name}", 2388024)
        self.all[new.name, new.language] = new
        return new

    def find(self, name: str, language: str) -> Template:
        """Raises GraphError 132001."""
        found = self.all.get((name, language))
        if found is None:
            raise GraphError(132001, f"template name ({name}) does not exist in {language}")
        return found

    def sendable(self, wanted: Wanted) -> Template:
        """Raises GraphError 132001 (missing, or not approved), 132015 (paused), 132016 (disabled)."""
        found = self.find(wanted.name, wanted.language.code)
        match found.status:
            case "APPROVED":
                return found
            case "PAUSED":
                raise GraphError(132015, f"template {found.name} is paused due to low quality")
            case "DISABLED":
                raise GraphError(132016, f"template {found.name} is disabled due to low quality")
            case status:
                raise GraphError(
                    132001, f"template {found.name} ({found.language}) is {status}, not approved"
                )


def _read(body: Any, number: str, status: str) -> Template:
    if not isinstance(body, dict):
        raise GraphError(100, "the body is not a JSON object")
    for key in ("name", "language", "category", "components"):
        if not body.get(key):
            raise GraphError(100, f"the parameter {key} is required")
    if NAME.fullmatch(str(body["name"])) is None:
        raise GraphError(100, "name: lowercase letters, digits and underscores only")
    category = str(body["category"]).upper()
    if category not in CATEGORIES:
        raise GraphError(100, f"category: one of {', '.join(CATEGORIES)}")
    shape = str(body.get("parameter_format", "POSITIONAL")).upper()
    new = Template(number, body["name"], body["language"], category, status, body["components"], shape)
    if not new.component("BODY").get("text"):
        raise GraphError(100, "components: one of type BODY with a text is required")
    return new


# --- filling in ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filled:
    """The texts of a message; `buttons` are its quick replies as (payload, label)."""

    body: str
    header: str | None
    footer: str | None
    media: Media | None
    buttons: tuple[tuple[str, str], ...]


def fill(template: Template, wanted: Wanted) -> Filled:
    """Raises GraphError 132000 (how many parameters), 132012 (kind or name of one), 132005 (too long)."""
    given: dict[Place, list[Parameter]] = {
        (one.type, int(one.index or 0)): one.parameters for one in wanted.components
    }
    body = _filled(template.component("BODY")["text"], given.pop(("body", 0), []), "body")
    if len(body) > LONGEST:
        raise GraphError(132005, f"body: {len(body)} characters, at most {LONGEST}")
    header, media = _header(template.component("HEADER"), given.pop(("header", 0), []))
    buttons = tuple(_buttons(template, given))
    for (kind, index), parameters in given.items():
        if parameters:
            raise GraphError(132000, f"{kind} {index}: {len(parameters)} parameters, expected 0")
    return Filled(body, header, template.component("FOOTER").get("text"), media, buttons)


def _filled(text: str, parameters: Sequence[Parameter], where: str) -> str:
    holes = list(dict.fromkeys(HOLE.findall(text)))
    if len(holes) != len(parameters):
        raise GraphError(132000, f"{where}: {len(parameters)} parameters, expected {len(holes)}")
    values = {one.parameter_name or hole: one.words for hole, one in zip(holes, parameters, strict=True)}
    if set(values) != set(holes):
        raise GraphError(132012, f"{where}: parameter names {sorted(values)} are not {sorted(holes)}")
    for hole, value in values.items():
        if not value.strip() or UNFIT.search(value):
            rule = "a text without line breaks, tabs and more than four spaces"
            raise GraphError(132012, f"{where}: parameter {hole} must be {rule}")
    return HOLE.sub(lambda match: values[match[1]], text)


def _header(header: Json, parameters: Sequence[Parameter]) -> tuple[str | None, Media | None]:
    """Its text, or its file."""
    kind = str(header.get("format", "TEXT")).lower()
    if kind == "text":
        return _filled(header.get("text", ""), parameters, "header") or None, None
    if len(parameters) != 1:
        raise GraphError(132000, f"header: one parameter of type {kind} is required")
    if parameters[0].type != kind or parameters[0].media is None:
        raise GraphError(132012, f"header: format mismatch, expected {kind.upper()}")
    return None, parameters[0].media


def _buttons(template: Template, given: dict[Place, list[Parameter]]) -> Iterator[tuple[str, str]]:
    """Quick replies; without a payload the label is the payload. What a button takes leaves `given`."""
    for index, button in enumerate(template.component("BUTTONS").get("buttons", [])):
        parameters = given.pop(("button", index), [])
        if str(button.get("type")).upper() == "QUICK_REPLY":
            label = button["text"]
            yield (parameters[0].payload or label) if parameters else label, label
        elif "{{" in str(button.get("url", "")) and len(parameters) != 1:
            raise GraphError(132000, f"button {index}: one parameter is required")
