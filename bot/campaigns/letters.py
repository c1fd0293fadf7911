"""The message of a campaign as it goes out: the circular, its document, the buttons below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Protocol

from bot.campaigns.ack_pages import READ, circular_buttons, when
from bot.campaigns.acknowledging import Told
from bot.campaigns.content import Content, message
from bot.campaigns.reminders import labelled
from bot.model import Attachment, Opening, Reply
from bot.problems import Problem
from bot.rendering.texts import Texts

PDF = "application/pdf"


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...


class Versions(Protocol):
    async def content(self, version: int) -> Content: ...


class Letters:
    """Keeps `bot.campaigns.sending.Messages`. `language`: of people who have chosen none. `zone`: of a
    regency."""

    def __init__(
        self,
        circulars: Circulars,
        versions: Versions,
        catalogues: Mapping[str, Texts],
        language: str,
        zone: Callable[[str], tzinfo],
    ) -> None:
        self._circulars = circulars
        self._versions = versions
        self._catalogues = catalogues
        self._language = language
        self._zone = zone
        self._latest: tuple[int, Attachment | None] | None = None

    async def message(
        self, campaign: int, language: str | None, due: int | None = None, *, test: bool = False
    ) -> Reply:
        """`due`: the person's deadline, None: nothing is said of one. `test`: only the author gets it. Raises
        Problem for a campaign that there is not."""
        told = await self._circulars.told(campaign)
        if told is None:
            raise Problem("campaign.unknown", campaign=campaign)
        texts = self._catalogues.get(language or "") or self._catalogues[self._language]
        document = await self._document(told.version)
        notes = [texts("content.test")] if test else []
        if due is not None:
            notes.append(texts("content.due", due=when(due, self._zone(told.content.regency), texts)))
        notes += [texts("content.renewed")] if told.renewed else []
        return Reply(
            message(told.content, texts, *notes),
            circular_buttons(campaign, texts),
            attachment=document,
            opening=_opening(campaign, told.content, texts),
        )

    async def _document(self, version: int) -> Attachment | None:
        """Of one version at a time: it can have 20 MB, and a batch asks for the same one."""
        if self._latest is None or self._latest[0] != version:
            found = (await self._versions.content(version)).document
            attached = Attachment(found.name, PDF, found.content) if found else None
            self._latest = version, attached
        return self._latest[1]


def _opening(campaign: int, content: Content, texts: Texts) -> Opening:
    """Its button shows the circular; only there is the one that acknowledges."""
    named = (("edaran", labelled(content.subject, content.number, texts)), ("penerbit", content.issuer))
    return Opening("circular", texts.language, named, f"{READ}{campaign}", campaign)
