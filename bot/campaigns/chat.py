"""Acknowledging as a dialogue: buttons, words, codes scanned at an assembly.

The desk hands over what is about circulars that were sent. A reply is given after the ledger has it for good;
what a person types is looked at and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from bot.campaigns import ack_pages as pages
from bot.campaigns import quiz
from bot.campaigns.acknowledging import UNDO_SECONDS, Copy, Result, Told, Wish
from bot.campaigns.assembly import PREFIX as SCANNED
from bot.campaigns.assembly import READING, Pass
from bot.campaigns.campaign import Proof
from bot.campaigns.deadlines import Away, Deadlines, late
from bot.campaigns.ports import Acknowledgments, Circulars, Letters, Receipts, Unseen
from bot.campaigns.proof_chat import ProofChat
from bot.campaigns.quiz_chat import QuizChat
from bot.campaigns.saying import Sayings
from bot.campaigns.tasks import Kind, Tasks
from bot.campaigns.wall import Wall
from bot.model import Intent, Reply
from bot.people.reception import ways
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.policy.decide import Engine
from bot.problems import Problem
from bot.worktime import Calendar

NOTHING_ELSE = frozenset({Intent.UNCLEAR, Intent.GREETING, Intent.OUT_OF_SCOPE})
"""Who speaks of reading, and asks nothing that is answered otherwise, means the circulars that wait."""

RECENT = 7 * 86_400
"""Who says it again within so many seconds is told when it was recorded."""


class CampaignChat:
    """Keeps `bot.people.ports.Campaigns`. `engine`: that of now. `intent`: what a text asks for,
    at a local time. `zone`,
    `calendar`: of a regency (None: its calendar is not in the corpus). `clock`: seconds since 1970. `wall`
    None: there are no assemblies; `receipts` None: no receipts; `unseen` None: whoever got a circular saw it;
    `letters` None: circulars are shown without their documents."""

    def __init__(
        self,
        acknowledgments: Acknowledgments,
        circulars: Circulars,
        tasks: Tasks,
        engine: Callable[[], Engine],
        intent: Callable[[str, datetime], Intent],
        zone: Callable[[str], tzinfo],
        calendar: Callable[[str], Calendar | None],
        clock: Callable[[], float],
        wall: Wall | None = None,
        receipts: Receipts | None = None,
        unseen: Unseen | None = None,
        letters: Letters | None = None,
    ) -> None:
        self._acknowledgments = acknowledgments
        self._circulars = circulars
        self._tasks = tasks
        self._engine = engine
        self._intent = intent
        self._zone = zone
        self._calendar = calendar
        self._clock = clock
        self._wall = wall
        self._quiz = QuizChat(circulars, engine, zone)
        self._proofs = ProofChat(receipts, circulars, zone) if receipts is not None else None
        self._unseen = unseen
        self._letters = letters
        self._said: tuple[Engine, Sayings] | None = None

    # --- buttons ---

    async def press(self, visit: Visit, action: str) -> Sequence[Reply] | None:
        """None: no button of ours."""
        if not action.startswith((pages.PREFIX, quiz.PREFIX)):
            return None
        if visit.member is None:
            return [_register_first(visit)]
        try:
            return await self._pressed(visit, visit.member, action)
        except Problem as error:
            return [_trouble(error, action, visit)]

    async def _pressed(self, visit: Visit, member: Member, action: str) -> Sequence[Reply]:
        if action.startswith(quiz.PREFIX):
            return await self._quiz.press(visit, action)
        verb, _, rest = action.removeprefix(pages.PREFIX).partition(":")
        if verb == "here":
            return await self._present(visit, member, rest)
        if verb == "wall" and self._wall is not None:
            return await self._wall.press(visit, member, rest)
        if action == pages.WAITING:
            return await self._waiting(visit, member)
        number = int(rest) if rest.isdecimal() and len(rest) <= 15 else None
        if verb == "proofs" and self._proofs is not None and number is not None:
            return [await self._proofs.listed(visit, member, number)]
        told = await self._circulars.told(number) if number is not None else None
        if told is None:
            return [Reply(visit.texts("hint.stale_button"))]
        match verb:
            case "read":
                return [await self._show(visit, member, told)]
            case "ack":
                return await self._acknowledge(visit, member, told, Proof.BUTTON)
            case "undo":
                return [await self._undo(visit, member, told)]
            case "notme":
                return [pages.not_me(told, visit.texts)]
            case "notme2":
                return [await self._task(visit, member, told, Kind.NOT_FOR_ME)]
            case "unclear":
                return [await self._task(visit, member, told, Kind.NOT_UNDERSTOOD)]
            case "wrong":
                return [await self._task(visit, member, told, Kind.PROXY_WRONG)]
            case "proof" if self._proofs is not None:
                return await self._proofs.given(visit, member, told)
        return [Reply(visit.texts("hint.stale_button"))]

    async def _acknowledge(self, visit: Visit, member: Member, told: Told, proof: Proof) -> Sequence[Reply]:
        """Own acknowledgments need no right (`Action.ACKNOWLEDGE`): everybody has it on herself. Nobody says
        that she has read what she was not shown."""
        if proof is not Proof.ASSEMBLY and await self._not_shown(member, told):
            return [await self._show(visit, member, told)]
        wish = Wish(member.person.id, told.campaign, self._now(), proof, visit.incoming.sender.channel)
        outcome = await self._acknowledgments.take(wish)
        zone, texts = self._zone(told.content.regency), visit.texts
        if outcome.result is Result.NOT_ADDRESSED or outcome.at is None:
            return [Reply(texts("ack.not_addressed", circular=pages.named(told.content, texts)))]
        if outcome.result is Result.ALREADY:
            return [pages.already(told, outcome.at, zone, texts, proof=self._proves)]
        asked = self._quiz.first(visit, told, outcome.at) if told.quiz else ()
        missed = self._missed(member, told.content.regency, outcome.at, outcome.copy)
        page = pages.recorded(told, outcome.at, zone, texts, missed=missed, proof=self._proves)
        return [page, *asked]

    def _missed(self, member: Member, regency: str, at: int, copy: Copy | None) -> int | None:
        """Her deadline, if it was over by then."""
        if copy is None:
            return None
        today = datetime.fromtimestamp(at, self._zone(regency)).date()
        deadlines = Deadlines(regency, today, self._calendar(regency))
        due = deadlines.of(copy.due, copy.begun, Away(member.pattern, member.absences))
        return due if late(at, due) else None

    async def _not_shown(self, member: Member, told: Told) -> bool:
        return self._unseen is not None and await self._unseen.unseen(member.person.id, told.campaign)

    async def _show(self, visit: Visit, member: Member, told: Told) -> Reply:
        """The circular, in answer to the button of what announced it."""
        page = pages.whole(told, visit.texts)
        if self._letters is not None:
            page = replace(await self._letters.message(told.campaign, visit.texts.language), opening=None)
        if self._unseen is not None:
            await self._unseen.shown(member.person.id, told.campaign)
        return page

    async def _waiting(self, visit: Visit, member: Member) -> Sequence[Reply]:
        waiting = await self._circulars.waiting(member.person.id)
        if not waiting:
            return [Reply(visit.texts("ack.nothing_waits"))]
        return [pages.choice(waiting, self._zone(member.person.regency), visit.texts, "ack.waits")]

    async def _undo(self, visit: Visit, member: Member, told: Told) -> Reply:
        wish = Wish(member.person.id, told.campaign, self._now(), None, visit.incoming.sender.channel)
        outcome = await self._acknowledgments.take(wish)
        texts = visit.texts
        if outcome.result is Result.UNDONE:
            return pages.undone(told, texts, replace=visit.pressed)
        if outcome.result is Result.TOO_LATE and outcome.at is not None:
            zone = self._zone(told.content.regency)
            return Reply(texts("ack.undo_too_late", when=pages.when(outcome.at, zone, texts)))
        return Reply(texts("ack.nothing_to_undo"))

    async def _task(self, visit: Visit, member: Member, told: Told, kind: Kind) -> Reply:
        if not await self._tasks.add(member.person.id, told.campaign, kind, self._now()):
            circular = pages.named(told.content, visit.texts)
            return Reply(visit.texts("ack.not_addressed", circular=circular))
        if kind is Kind.NOT_UNDERSTOOD:
            return pages.again(told, visit.texts)
        return Reply(visit.texts("ack.task_made"), replace=True)

    # --- words ---

    async def say(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        """The replies if the text speaks of having read a circular; None: it asks something else."""
        sayings = self._sayings()
        declared, undoes = sayings.declares(text), sayings.undoes(text)
        if visit.member is None:
            return [_register_first(visit)] if declared else None
        try:
            if declared:
                return await self._declared(visit, visit.member)
            if undoes and (replies := await self._taken_back(visit, visit.member)) is not None:
                return replies
            return await self._mentioned(visit, visit.member, text)
        except Problem as error:
            return [_trouble(error, None, visit)]

    async def _declared(self, visit: Visit, member: Member) -> Sequence[Reply]:
        waiting = await self._circulars.waiting(member.person.id, got=True)
        zone, texts = self._zone(member.person.regency), visit.texts
        if len(waiting) == 1:
            return await self._acknowledge(visit, member, waiting[0].told, Proof.WORDS)
        if waiting:
            return [pages.choice(waiting, zone, texts, "ack.which")]
        given = await self._circulars.given(member.person.id, self._now() - RECENT)
        told = await self._circulars.told(given[0].campaign) if given else None
        if told is not None:
            return [pages.already(told, given[0].at, zone, texts, proof=self._proves)]
        return [Reply(texts("acknowledge.none"))]

    async def _mentioned(self, visit: Visit, member: Member, text: str) -> Sequence[Reply] | None:
        """ "apa saya sudah baca?", "belum sempat baca" and "siap" are told what waits, and record nothing."""
        local = datetime.fromtimestamp(self._now(), self._zone(member.person.regency))
        intent, mentions = self._intent(text, local), self._sayings().mentions(text)
        if intent is not Intent.ACKNOWLEDGE and not (mentions and intent in NOTHING_ELSE):
            return None
        if mentions or await self._circulars.waiting(member.person.id):
            return await self._waiting(visit, member)
        return None

    async def _taken_back(self, visit: Visit, member: Member) -> Sequence[Reply] | None:
        """None: there is nothing of hers that the word could mean."""
        given = await self._circulars.given(member.person.id, self._now() - RECENT)
        if not given:
            return None
        fresh = [entry for entry in given if self._now() - entry.at <= UNDO_SECONDS] or given[:1]
        told = [one for entry in fresh if (one := await self._circulars.told(entry.campaign)) is not None]
        if len(told) == 1:
            return [await self._undo(visit, member, told[0])]
        return [pages.undo_choice(told, visit.texts)]

    # --- assemblies ---

    async def start(self, visit: Visit, payload: str) -> Sequence[Reply] | None:
        """Somebody came by a link. None: by one that is not of an assembly."""
        if not payload.startswith(SCANNED):
            return None
        if visit.member is None:
            return [_register_first(visit)]
        token = payload.removeprefix(SCANNED)
        told, refused = await self._scanned(visit, visit.member, self._read(token))
        return [refused] if told is None else [pages.present(told, token, visit.texts)]

    async def _present(self, visit: Visit, member: Member, token: str) -> Sequence[Reply]:
        told, refused = await self._scanned(visit, member, self._read(token, READING))
        return [refused] if told is None else await self._acknowledge(visit, member, told, Proof.ASSEMBLY)

    async def _scanned(self, visit: Visit, member: Member, found: Pass | None) -> tuple[Told | None, Reply]:
        """The circular; else why not."""
        if found is None:
            return None, Reply(visit.texts("assembly.old"))
        if found.unit not in member.lineage:
            return None, Reply(visit.texts("assembly.other_unit"))
        return await self._circulars.told(found.campaign), Reply(visit.texts("assembly.old"))

    def _read(self, token: str, extra: int = 0) -> Pass | None:
        return self._wall.tokens.read(token, self._clock(), extra) if self._wall is not None else None

    async def command(self, visit: Visit, name: str) -> Sequence[Reply] | None:
        """/apel, /bukti. None: no command of ours."""
        if name == "bukti" and self._proofs is not None:
            if visit.member is None:
                return [_register_first(visit)]
            return [await self._proofs.listed(visit, visit.member)]
        if name != "apel" or self._wall is None or visit.member is None:
            return None
        return await self._wall.offered(visit, visit.member)

    async def forget(self, channel: str, external_id: str) -> None:
        """Nothing of what she asked is kept here."""

    # --- around ---

    @property
    def _proves(self) -> bool:
        return self._proofs is not None

    def _now(self) -> int:
        return int(self._clock())

    def _sayings(self) -> Sayings:
        engine = self._engine()
        if self._said is None or self._said[0] is not engine:
            self._said = engine, Sayings(engine.corpus.vocabulary)
        return self._said[1]


def _register_first(visit: Visit) -> Reply:
    return Reply(visit.texts("ack.register"), (ways(visit),))


def _trouble(error: Problem, action: str | None, visit: Visit) -> Reply:
    """The ledger could not be written, and nothing was; else what the problem says."""
    if error.key.startswith("store."):
        return pages.not_recorded(action, visit.texts)
    return Reply(error.line(visit.texts))
