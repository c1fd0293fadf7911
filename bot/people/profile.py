"""What is kept of a person: what she said of herself, never what she asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Asker


class Step(StrEnum):
    """The question of the registration that waits for an answer."""

    LANGUAGE = "language"
    REGENCY = "regency"
    STATUS = "status"
    UNIT = "unit"
    PATTERN = "pattern"
    EDIT_REGENCY = "edit_regency"  # a registered person is naming another regency
    CODE = "code"  # she is about to type the code from her unit's admin


@dataclass(frozen=True, slots=True)
class Profile:
    """A person by the key her channel vouches for, with what she declared (nobody has verified it). Who has
    proved who she is declares nothing: her entries are those of the roster.

    `regency`, `status`, `unit` and `pattern` are ids of policies/; None: not said, or not known to her.
    `language` is "id" or "en", None: never chosen. `step`: None when no registration is under way.
    `stopped_at`: when she asked to be left alone (seconds since 1970): nothing may be sent to her unasked,
    and nothing she writes is worked on until she starts again. None: she has not.
    """

    channel: str
    external_id: str
    regency: str | None = None
    status: str | None = None
    unit: str | None = None
    pattern: str | None = None
    language: str | None = None
    step: Step | None = None
    stopped_at: int | None = None

    def asker(self) -> Asker | None:
        """What rules may depend on; None while the regency is unknown."""
        if self.regency is None:
            return None
        return Asker(self.regency, self.status, self.unit, self.pattern)
