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
from bot.campaigns.acknowledging import Copy, Result, Told, Wish
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
from bot.campaigns.word_chat import WordChat
from bot.model import Intent, Reply
from bot.people.ports import Rows
from bot.people.reception import ways
from bot.people.rights import Action, Actor, Target, may
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.policy.decide import Engine
from bot.problems import Problem
from bot.worktime import Calendar

NAMING = frozenset({"read", "notme", "notme2", "unclear", "proof"})
"""Buttons whose replies name the circular."""


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
        self._zone = zone
        self._calendar = calendar
        self._clock = clock
        self._wall = wall
        self._quiz = QuizChat(circulars, engine, zone)
        self._proofs = ProofChat(receipts, circulars, zone) if receipts is not None else None
        self._unseen = unseen
        self._letters = letters
        self._said: tuple[Engine, Sayings] | None = None
        self._words = WordChat(self, circulars, self._sayings, intent, zone, clock)

    # --- buttons ---

    async def press(self, visit: Visit, action: str) -> Sequence[Reply] | None:
        """None: no button of ours."""
        if not action.startswith((pages.PREFIX, quiz.PREFIX)):
            return None
        if visit.member is None:
            return [self.register_first(visit)]
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
            return await self._words.waits(visit, member)
        number = int(rest) if rest.isdecimal() and len(rest) <= 15 else None
        if verb == "walls" and self._wall is not None and number is not None:
            return await self._wall.offered(visit, member, number)
        if verb == "proofs" and self._proofs is not None and number is not None:
            return [await self._proofs.listed(visit, member, number)]
        told = await self._circulars.told(number) if number is not None else None
        if told is None or (verb in NAMING and not await self._may_know(member, told)):
            return [_stale(visit)]
        match verb:
            case "read":
                return [await self._show(visit, member, told)]
            case "ack":
                return await self.acknowledge(visit, member, told, Proof.BUTTON)
            case "undo":
                return [await self.undo(visit, member, told)]
            case "notme":
                return [await self.not_for_me(visit, member, told)]
            case "notme2":
                return [await self._task(visit, member, told, Kind.NOT_FOR_ME)]
            case "unclear":
                return [await self._task(visit, member, told, Kind.NOT_UNDERSTOOD)]
            case "wrong" if await self._by_proxy(member, told):
                return [await self._task(visit, member, told, Kind.PROXY_WRONG)]
            case "proof" if self._proofs is not None:
                return await self._proofs.given(visit, member, told)
        return [_stale(visit)]

    async def _may_know(self, member: Member, told: Told) -> bool:
        """Whether the circular may be named to her. A number in a button is no proof that it went to her."""
        person = member.person.id
        if await self._circulars.addressed(person, told.version) or _tries_out(member, told):
            return True
        return await self._circulars.standing(person, told.version) is not None

    async def _by_proxy(self, member: Member, told: Told) -> bool:
        entry = await self._circulars.standing(member.person.id, told.version)
        return entry is not None and entry.proof is Proof.PROXY

    async def acknowledge(self, visit: Visit, member: Member, told: Told, proof: Proof) -> Sequence[Reply]:
        """Own acknowledgments need no right (`Action.ACKNOWLEDGE`): everybody has it on herself. Nobody says
        that she has read what she was not shown."""
        if proof is not Proof.ASSEMBLY and await self._not_shown(member, told):
            if not await self._may_know(member, told):
                return [_stale(visit)]
            return [await self._show(visit, member, told)]
        wish = Wish(member.person.id, told.campaign, self._now(), proof, visit.incoming.sender.channel)
        outcome = await self._acknowledgments.take(wish)
        zone, texts = self._zone(told.content.regency), visit.texts
        if outcome.result is Result.NOT_ADDRESSED or outcome.at is None:
            # At an assembly she has just been shown it.
            if proof is not Proof.ASSEMBLY and not await self._may_know(member, told):
                return [_stale(visit)]
            return [Reply(texts("ack.not_addressed", circular=pages.named(told.content, texts)))]
        if outcome.result is Result.ALREADY:
            return [self.given_already(visit, told, outcome.at)]
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
            waiting = await self._circulars.waiting(member.person.id)
            due = next((one.due for one in waiting if one.told.version == told.version), None)
            letter = await self._letters.message(told.campaign, visit.texts.language, due)
            page = replace(letter, opening=None)
        if self._unseen is not None:
            await self._unseen.shown(member.person.id, told.campaign)
        return page

    def given_already(self, visit: Visit, told: Told, at: int) -> Reply:
        return pages.already(told, at, self._zone(told.content.regency), visit.texts, proof=self._proves)

    async def not_for_me(self, visit: Visit, member: Member, told: Told) -> Reply:
        """Asks first: HR is told by the second button."""
        entry = await self._circulars.standing(member.person.id, told.version)
        zone, texts = self._zone(told.content.regency), visit.texts
        return pages.not_me(told, texts, given=pages.when(entry.at, zone, texts) if entry else None)

    async def proofs(self, visit: Visit) -> Sequence[Reply] | None:
        """None: there are no receipts."""
        if self._proofs is None:
            return None
        if visit.member is None:
            return [self.register_first(visit)]
        return [await self._proofs.listed(visit, visit.member)]

    async def undo(self, visit: Visit, member: Member, told: Told) -> Reply:
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
        try:
            return await self._words.say(visit, text)
        except Problem as error:
            return [_trouble(error, None, visit)]

    def is_own(self, visit: Visit, text: str) -> bool:
        """Whether it can only be meant for itself, whatever else was asked of her."""
        return self._words.is_own(visit, text)

    # --- assemblies ---

    async def start(self, visit: Visit, payload: str) -> Sequence[Reply] | None:
        """Somebody came by a link. None: by one that is not of an assembly."""
        if not payload.startswith(SCANNED):
            return None
        if visit.member is None:
            return [self.register_first(visit)]
        token = payload.removeprefix(SCANNED)
        told, refused = await self._scanned(visit, visit.member, self._read(token))
        return [refused] if told is None else [pages.present(told, token, visit.texts)]

    async def _present(self, visit: Visit, member: Member, token: str) -> Sequence[Reply]:
        told, refused = await self._scanned(visit, member, self._read(token, READING))
        return [refused] if told is None else await self.acknowledge(visit, member, told, Proof.ASSEMBLY)

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
        if name == "bukti":
            return await self.proofs(visit)
        if name != "apel" or self._wall is None:
            return None
        if visit.member is None:
            return [self.register_first(visit)]
        return await self._wall.offered(visit, visit.member)

    async def turned(self, visit: Visit) -> None:
        """Nothing that is typed is waited for here."""

    async def waiting(self, visit: Visit) -> Rows:
        """Below the list of circulars, in a private chat."""
        if visit.member is None or not visit.incoming.private:
            return ()
        try:
            found = await self._circulars.waiting(visit.member.person.id)
        except Problem:  # the list itself can be shown
            return ()
        return pages.waiting_button(len(found), visit.texts)

    async def forget(self, channel: str, external_id: str) -> None:
        """Nothing of what she asked is kept here."""

    # --- around ---

    def register_first(self, visit: Visit) -> Reply:
        if visit.left:
            return Reply(visit.texts("ack.left"))
        return Reply(visit.texts("ack.register"), (ways(visit),))

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


def _stale(visit: Visit) -> Reply:
    return Reply(visit.texts("hint.stale_button"))


def _tries_out(member: Member, told: Told) -> bool:
    """Whether she may have the circular sent to herself before anybody else gets it."""
    actor = Actor(f"person:{member.person.id}", member.person.id, member.assignments)
    root = Target(frozenset(member.lineage[-1:]))
    same = told.content.regency == member.person.regency
    return (same or actor.is_operator) and may(actor, Action.CREATE_CAMPAIGN, root)


def _trouble(error: Problem, action: str | None, visit: Visit) -> Reply:
    """The ledger could not be written, and nothing was; else what the problem says."""
    if error.key.startswith("store."):
        answer = action is not None and action.startswith(quiz.PREFIX)
        return pages.not_recorded(action, visit.texts, "quiz.not_counted" if answer else "ack.not_recorded")
    return Reply(error.line(visit.texts))
