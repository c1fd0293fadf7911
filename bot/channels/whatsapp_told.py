"""What WhatsApp tells of our messages and templates, brought to where it belongs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.campaigns.ladder import Heard, Rung, Statuses
from bot.channels.whatsapp_reading import Event, Notice, Status

log = logging.getLogger(__name__)

RUNGS = {
    "sent": Rung.SENT,
    "delivered": Rung.DELIVERED,
    "read": Rung.READ,
    "played": Rung.READ,
    "failed": Rung.FAILED,
}
ABOUT_TEMPLATES = "message_template"
"""How the names of these notices begin."""


class Telling:
    """Keeps `bot.channels.whatsapp.Told`. `templates_changed`: is called when WhatsApp has changed one."""

    def __init__(self, statuses: Statuses, templates_changed: Callable[[], None] = lambda: None) -> None:
        self._statuses = statuses
        self._templates_changed = templates_changed

    async def __call__(self, event: Event) -> None:
        if isinstance(event, Status):
            rung = RUNGS.get(event.state)
            if rung is not None:
                code = event.errors[0] if event.errors else None
                heard = Heard(event.message_id, rung, event.at, code, event.billable, event.tag)
                await self._statuses.heard([heard])
        elif isinstance(event, Notice) and event.field.startswith(ABOUT_TEMPLATES):
            log.warning("WhatsApp has changed a template: %s", event.field)
            self._templates_changed()
