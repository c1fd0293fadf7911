"""What the client shows: messages as their person sees them, and its errors."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulating.errors import Json


class SimulatorError(Exception):
    """The simulator cannot do what was asked: what, and why."""


class SilenceError(SimulatorError):
    """A reply was waited for and did not come."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reply button or a row of a list."""

    id: str
    title: str
    description: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its person sees it. `kind`: text, buttons, list, link, contact_request, template,
    document, image, audio, video or location. `file`: id or link, and filename. `quotes`: the id of an
    earlier message. `at`: Unix seconds of the simulator's clock."""

    id: str
    at: float
    kind: str
    text: str
    header: str | None
    footer: str | None
    buttons: tuple[Choice, ...]
    rows: tuple[Choice, ...]
    list_button: str | None
    link: Json | None
    file: Json | None
    template: Json | None
    quotes: str | None
    read: bool

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Whatever can be pressed."""
        return self.buttons + self.rows

    @property
    def labels(self) -> list[str]:
        return [choice.title for choice in self.choices]


def received(one: Json) -> Received:
    lists = {key: tuple(Choice(**choice) for choice in one[key]) for key in ("buttons", "rows")}
    return Received(**(one | lists))
