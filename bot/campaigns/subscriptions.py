"""Tells those whose answer rested on a rule that the rule has changed, without a list of who asked what.

What is kept of an answer is, for each rule, a code made from the account and the rule with a secret that
stands outside the database: of two rows nobody can tell whose they are, nor whether they are the same
person's. When a rule changes, the accounts are gone through, and for each its code is made again and looked
for. A row that was used for telling is gone. When it was made can be told to the week only.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.campaigns.carrying import Carrier, in_a_word
from bot.campaigns.content import Content
from bot.campaigns.recipients import Recipient, Timetable
from bot.campaigns.reminders import labelled
from bot.campaigns.reminding import Plan
from bot.campaigns.sending import NotTried, Outcome, RetryAfter, Uncertain
from bot.model import Button, Opening, Reply, RuleRef, Verdict
from bot.people.identity import Account
from bot.problems import Problem
from bot.rendering.texts import Texts
from bot.worktime import Calendar

log = logging.getLogger(__name__)

DAY = 86_400
WEEK = 7 * DAY
FIRST_MONDAY = 4 * DAY
"""5 January 1970, in seconds."""

EVERY = 20.0
"""Seconds between two groups."""

MOST_WAITING = 20_000
"""Rows that wait to be written; what comes when so many do is lost."""

PAGE = 500
LISTED = 5

NO_RULE = RuleRef("", "")
"""In place of a rule: the account does not want any of this."""

ON, OFF, AGAIN = "s:on", "s:off", "s:again"


@dataclass(frozen=True, slots=True)
class Row:
    """`key`: of the account and the rule. `refusal`: what the key is where the account has opted out."""

    key: str
    rule: RuleRef
    refusal: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A rule whose change is to be told. `version`: the one that brought it."""

    rule: RuleRef
    version: int
    subject: str
    number: str | None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An account that can be written to, perhaps a subscriber's. `who`: as far as hours and language need
    it; without an account of hers where she has left."""

    account: Account
    regency: str
    who: Recipient


class Kept(Protocol):
    """The ledger. A method returns when its change is durable; a Problem says that it is not. None of them
    says how many there are of anything."""

    async def add(self, rows: Sequence[Row]) -> None:
        """Without those of accounts that have opted out; a row that is there already lasts longer."""

    async def rules(self) -> Sequence[RuleRef]:
        """Those that somebody has subscribed to."""

    async def remove(self, keys: Sequence[str]) -> None: ...

    async def refuse(self, key: str) -> None: ...

    async def refuses(self, key: str) -> bool: ...

    async def changed(self, now: int) -> Sequence[Changed]: ...

    async def accounts(
        self, after: Account | None, most: int, channels: Sequence[str], now: datetime
    ) -> Sequence[Subscriber]:
        """The next accounts, of members and guests, in order."""

    async def take(self, keys: Sequence[str], now: int) -> frozenset[str]:
        """Those that are marked, subscribed and not expired; they are no more when this returns."""

    async def laws(self) -> Mapping[str, str]:
        """Circular → the law on which answers have rested, as far as is known."""

    async def learn(self, laws: Mapping[str, str]) -> None:
        """Those on which answers rest from now on, of circulars of which none was known."""

    async def law_changed(self, new: Content, at: int) -> None:
        """Marks whoever subscribed to what the change of the circular's law touches."""


# --- what is kept ----------------------------------------------------------------------------


def key_of(secret: bytes, account: Account, rule: RuleRef) -> str:
    """Says nothing of the account or the rule without the secret."""
    said = json.dumps([account.channel, account.external_id, rule.circular, rule.rule])
    return hmac.digest(secret, said.encode(), "sha256").hex()


def expiry(now: float, days: int) -> int:
    """The first Monday (UTC) after so many days: what it says of when it was made is a week wide."""
    weeks = -((FIRST_MONDAY - int(now) - days * DAY) // WEEK)
    return FIRST_MONDAY + weeks * WEEK


def rules_of(verdict: Verdict) -> frozenset[RuleRef]:
    """The rules that an answer rests on: those that carry it, in some case, and those of its conditions."""
    return frozenset((*verdict.basis, *verdict.others, *verdict.contrary, *verdict.duties))


def touched(old: str, new: str) -> frozenset[str]:
    """The rules of the old law of a circular whose answers the new one may change. On the safe side: with a
    rule, those of the same act; where whom or when it binds changes, all. `old`, `new`: as `law.record`
    writes them."""
    before, after = json.loads(old), json.loads(new)
    rules = {rule["rule"]: rule for rule in before["rules"]}
    if any(before.get(part) != after.get(part) for part in before.keys() - {"rules", "acts", "facts"}):
        return frozenset(rules)
    now = {rule["rule"]: rule for rule in after["rules"]}
    differ = [
        side[name]
        for name in rules.keys() | now.keys()
        if rules.get(name) != now.get(name)
        for side in (rules, now)
        if name in side
    ]
    acts: Mapping[str, str | None] = {**before["acts"], **after["acts"]}
    moved = {act for act in acts if before["acts"].get(act) != after["acts"].get(act)}
    spoken = {rule["activity"] for rule in differ} | moved
    named = {ref[1] for rule in differ for link in ("lifts", "special_to") for ref in rule[link]}
    return frozenset(
        name
        for name, rule in rules.items()
        if name in named or any(_related(acts, rule["activity"], act) for act in spoken)
    )


def _related(acts: Mapping[str, str | None], one: str, other: str) -> bool:
    return one in _line(acts, other) or other in _line(acts, one)


def _line(acts: Mapping[str, str | None], act: str | None) -> Iterable[str]:
    while act is not None:
        yield act
        act = acts.get(act)


def account_of(key: str) -> Account:
    """Of the key of a conversation, "channel:person:chat"; ids may have colons where the chat is private."""
    channel, _, rest = key.partition(":")
    half = len(rest) // 2
    private = rest[:half] == rest[half + 1 :]
    return Account(channel, rest[:half] if private else rest.rpartition(":")[0])


# --- keeping ---------------------------------------------------------------------------------


class Subscriptions:
    """`days`: for how long an answer is remembered, about. `clock`: seconds since 1970."""

    def __init__(self, kept: Kept, secret: bytes, days: int, clock: Callable[[], float]) -> None:
        self._kept = kept
        self._secret = secret
        self._days = days
        self._clock = clock
        self._waiting: dict[str, Row] = {}

    def noticed(self, key: str, _: object, answered: Any) -> None:
        """Keeps `bot.assistant.Noticed`: `key` is "channel:person:chat"."""
        if answered.verdict is not None:
            self.note(account_of(key), answered.verdict)

    def note(self, account: Account, verdict: Verdict) -> None:
        """The account got this answer. Returns at once and never fails; from here on only codes are held."""
        expires = expiry(self._clock(), self._days)
        refusal = key_of(self._secret, account, NO_RULE)
        for rule in rules_of(verdict):
            if len(self._waiting) < MOST_WAITING:
                key = key_of(self._secret, account, rule)
                self._waiting[key] = Row(key, rule, refusal, expires)

    async def run(self, every: float = EVERY) -> None:
        """Writes what waits, in groups, until it is cancelled; then the last group."""
        try:
            while True:
                await asyncio.sleep(every)
                await self.flush()
        finally:
            await self.flush()

    async def flush(self) -> None:
        """What cannot be written is lost: nobody's answer depends on it."""
        rows, self._waiting = self._waiting, {}
        if not rows:
            return
        try:
            # In the order of the codes: that of the answers is nobody's business.
            await self._kept.add([rows[key] for key in sorted(rows)])
        except Problem as error:
            log.error("subscriptions could not be written: %s", error.key)

    # --- the corpus ---

    async def compare(self, contents: Sequence[Content]) -> None:
        """What answers rest on from now on, each circular once; whoever's answer rested on something else is
        to be told. Never fails: it is compared again when the program starts."""
        try:
            known = await self._kept.laws()
            laws = {content.circular: content.law for content in contents if content.law is not None}
            await self._kept.learn({name: law for name, law in laws.items() if name not in known})
            for content in contents:
                if known.get(content.circular, content.law) != content.law:
                    await self._kept.law_changed(content, int(self._clock()))
        except Problem as error:
            log.error("changes of rules could not be told: %s", error.key)

    # --- what a person decides ---

    async def forget(self, account: Account) -> None:
        """Nothing is kept of the account any more, its refusal either."""
        await self._drop(account, (*await self._kept.rules(), NO_RULE))

    async def refuse(self, account: Account) -> None:
        """What was kept goes, and nothing is from now on."""
        await self._kept.refuse(key_of(self._secret, account, NO_RULE))
        await self._drop(account, await self._kept.rules())

    async def _drop(self, account: Account, rules: Sequence[RuleRef]) -> None:
        keys = [key_of(self._secret, account, rule) for rule in rules]
        for rule in {row.rule for row in self._waiting.values()}:
            self._waiting.pop(key_of(self._secret, account, rule), None)
        await self._kept.remove(keys)

    async def page(self, account: Account, text: str, texts: Texts) -> Reply:
        """The page about privacy, `text`, with what she has decided and a button to change it."""
        off = await self._kept.refuses(key_of(self._secret, account, NO_RULE))
        said, label = ("off", "button.subscriptions_on") if off else ("on", "button.subscriptions_off")
        button = Button(texts(label), ON if off else OFF)
        return Reply(f"{text}\n\n{texts(f'subscriptions.{said}')}", ((button,),))

    async def press(self, account: Account, action: str, texts: Texts) -> Reply | None:
        """None: no button of ours."""
        if action == OFF:
            await self.refuse(account)
            return Reply(texts("subscriptions.off"), replace=True)
        if action == ON:
            await self._drop(account, (NO_RULE,))
            return Reply(texts("subscriptions.on"), replace=True)
        return Reply(texts("subscriptions.ask_again")) if action == AGAIN else None


# --- telling ---------------------------------------------------------------------------------


class News:
    """`calendar_of`: a regency's, None: not in the corpus. `clock`: aware moments."""

    def __init__(
        self,
        kept: Kept,
        secret: bytes,
        carrier: Carrier,
        calendar_of: Callable[[str], Calendar | None],
        catalogues: Mapping[str, Texts],
        language: str,
        plan: Plan,
        clock: Callable[[], datetime],
    ) -> None:
        self._kept = kept
        self._secret = secret
        self._carrier = carrier
        self._calendar_of = calendar_of
        self._catalogues = catalogues
        self._language = language
        self._plan = plan
        self._clock = clock

    async def tell(self) -> None:
        """One pass, to be made every few minutes: whoever is at work is told, once, in one message. How many
        they are is said nowhere."""
        channels = tuple(self._carrier.channels)
        after: Account | None = None
        while changed := await self._kept.changed(int(self._clock().timestamp())):
            now = self._clock()
            page = await self._kept.accounts(after, PAGE, channels, now)
            if not page:
                return
            after = page[-1].account
            awake = [(one, until) for one in page if (until := self._until(one, now)) is not None]
            await self._page(awake, changed, int(now.timestamp()))

    def _until(self, one: Subscriber, now: datetime) -> datetime | None:
        calendar = self._calendar_of(one.regency) if one.who.account is not None else None
        return Timetable(calendar, self._plan, now).until(one.who) if calendar is not None else None

    async def _page(
        self, awake: Sequence[tuple[Subscriber, datetime]], changed: Sequence[Changed], now: int
    ) -> None:
        keys = {
            key_of(self._secret, one.account, change.rule): (place, change)
            for place, (one, _) in enumerate(awake)
            for change in changed
        }
        told: dict[int, dict[int, Changed]] = {}
        for key in await self._kept.take(list(keys), now):
            place, change = keys[key]
            told.setdefault(place, {})[change.version] = change
        sends: list[Awaitable[Outcome]] = [
            self._send(*awake[place], sorted(several.values(), key=lambda change: change.version))
            for place, several in told.items()
        ]
        for outcome in await asyncio.gather(*sends):
            if isinstance(outcome, NotTried | Uncertain):
                log.warning("news of a rule: %s", in_a_word(outcome))

    async def _send(self, one: Subscriber, until: datetime, changed: Sequence[Changed]) -> Outcome:
        texts = self._catalogues.get(one.who.language or "") or self._catalogues[self._language]
        with suppress(Exception):  # one message must not stop the others
            while isinstance(
                outcome := await self._carrier.send(one.account, news(changed, texts), until), RetryAfter
            ):
                await asyncio.sleep(outcome.seconds)  # it is noted as told already
            return outcome
        return Uncertain()


def news(changed: Sequence[Changed], texts: Texts) -> Reply:
    named = [labelled(one.subject, one.number, texts) for one in changed[:LISTED]]
    more = [texts("remind.more", count=len(changed) - LISTED)] if len(changed) > LISTED else []
    head, foot = texts("subscriptions.changed"), texts("subscriptions.ask_again")
    opening = Opening("news", texts.language, (("edaran", named[0]),), AGAIN)
    return Reply("\n\n".join([head, *named, *more, foot]), opening=opening)
