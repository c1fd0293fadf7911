"""What people do, as the control side is told it: each act becomes the content of a message."""

from __future__ import annotations

import base64
from collections.abc import Callable

from bot.simulating import arriving
from bot.simulating.errors import Json
from bot.simulating.people import Person, digits
from bot.simulating.rules import Values
from bot.simulating.simulation import Simulation


class Act(Values):
    """What a person does: `act` names it, the other fields belong to it."""

    act: str
    text: str = ""
    on: str | None = None
    """The id of the message that she answers or presses in; None: the newest one that fits."""
    name: str = ""
    phone: str = ""
    kind: str = ""
    mime_type: str = ""
    content: str = ""
    """Base64."""
    filename: str | None = None
    caption: str | None = None
    latitude: float = 0.0
    longitude: float = 0.0
    address: str | None = None


class Acts:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._acts: dict[str, Callable[[Person, Act], Json]] = {
            "says": self._says,
            "presses": self._presses,
            "shares_card": lambda _, act: arriving.card(act.name, digits(act.phone)),
            "shares_number": self._shares_number,
            "sends_file": self._sends_file,
            "sends_location": self._sends_location,
            "reacts": self._reacts,
            "sends_unsupported": lambda _, act: arriving.unsupported(act.kind or "poll_creation"),
        }

    def content(self, person: Person, act: Act) -> Json:
        """Raises LookupError for an unknown act, and where there is nothing to press, answer or react to."""
        return self._acts[act.act](person, act)

    @property
    def _business(self) -> str:
        return self._simulation.cloud.account.phone

    def _says(self, _: Person, act: Act) -> Json:
        return arriving.text(act.text, act.on, self._business)

    def _presses(self, person: Person, act: Act) -> Json:
        """In the newest message that has it."""
        for seen in reversed(person.outbox):
            if act.on in (None, seen["id"]):
                try:
                    return arriving.choice(seen, act.text, self._business)
                except LookupError:
                    continue
        raise LookupError(f"button or row {act.text!r}")

    def _shares_number(self, person: Person, act: Act) -> Json:
        asked = [one["id"] for one in person.outbox if one["kind"] == "contact_request"]
        if not asked:
            raise LookupError("request for the number")
        return arriving.own_number(person, act.on or asked[-1], self._business)

    def _sends_file(self, _: Person, act: Act) -> Json:
        file = self._simulation.cloud.upload(act.mime_type, base64.b64decode(act.content), act.filename)
        return arriving.media(act.kind, file, self._simulation.file_url(file.id), act.caption)

    def _sends_location(self, _: Person, act: Act) -> Json:
        return arriving.location(act.latitude, act.longitude, act.name or None, act.address)

    def _reacts(self, person: Person, act: Act) -> Json:
        return arriving.reaction(act.text, act.on or person.outbox[-1]["id"])
