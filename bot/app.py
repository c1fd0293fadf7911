"""The composition root: the only place that wires the parts, and the only one that owns the clock.

What asking on the command line needs is imported at once; Telegram, the ledger and the settings only by the
functions that run them.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from bot.assistant import Assistant, Noticed
from bot.cache import default_folder, remembered
from bot.catalogues import DEFAULT_LANGUAGE, load_catalogues
from bot.catalogues import DIRECTORY as LOCALES
from bot.policy.decide import Engine
from bot.policy.files import DIRECTORY, fingerprint
from bot.rendering.texts import Texts
from bot.understanding import Understanding

if TYPE_CHECKING:
    from bot.campaigns.content import Content
    from bot.campaigns.hindrances import Hindrances
    from bot.campaigns.proxies import ProxyOffice
    from bot.campaigns.subscriptions import Subscriptions
    from bot.channels.post import Post
    from bot.config import Settings
    from bot.desk import Desk
    from bot.model import Asker
    from bot.noticing import Noticing
    from bot.people.identity import Identity
    from bot.people.ports import Campaigns
    from bot.people.registration import Registration
    from bot.policy.corpus import Corpus
    from bot.storage.store import Store
    from bot.turn import Answered
    from bot.worktime import Calendar

KEPT = 8
"""Compiled corpora that are kept between runs."""


def now() -> datetime:
    """The clock, in the system's zone; the core turns it into the asker's."""
    return datetime.now().astimezone()


def seconds() -> float:
    """The clock, since 1970."""
    return now().timestamp()


def build_assistant(policies: Path | None = None) -> Assistant:
    """The whole way from text to reply over one corpus. Raises PolicyError for a broken one."""
    engine, understanding = mind(policies or DIRECTORY)
    assistant = Assistant(engine, understanding, catalogues())
    gc.freeze()  # a lexicon of a hundred thousand nodes need not be gone through at every collection
    return assistant


def catalogues() -> dict[str, Texts]:
    """Every language's texts."""
    return remembered(fingerprint(LOCALES), load_catalogues, default_folder() / "locales", 1)


def mind(policies: Path) -> tuple[Engine, Understanding]:
    """The engine and the understanding of one corpus, compiled once for these files and this program."""
    key = _state_of(policies)
    corpus, understanding = remembered(key, lambda: _compiled(policies), default_folder() / "compiled", KEPT)
    return Engine(corpus), understanding


def corpus_of(policies: Path) -> Corpus:
    """As `mind`, for who understands nobody: the understanding is by far the longer part to read back."""
    key = _state_of(policies)
    return remembered(key, lambda: mind(policies)[0].corpus, default_folder() / "corpora", KEPT)


def _state_of(policies: Path) -> object:
    """Another one whenever the program or the policies are."""
    package = Path(__file__).parent
    return sys.version, fingerprint(package, "*.py"), str(policies), fingerprint(policies)


def _compiled(policies: Path) -> tuple[Corpus, Understanding]:
    # With all that checks files: a compiled corpus needs none of it.
    from bot.compiling import understanding_of
    from bot.policy.load import load

    corpus = load(policies, default_folder() / "files")
    return corpus, understanding_of(corpus.vocabulary)


def build_registration(assistant: Assistant) -> Registration:
    from bot.directory import CorpusDirectory
    from bot.people.registration import Registration

    directory = CorpusDirectory(lambda: assistant.engine.corpus)
    return Registration(
        directory, assistant.catalogues, DEFAULT_LANGUAGE, lambda text: assistant.is_question(text, now())
    )


def build_desk(
    assistant: Assistant,
    store: Store,
    registration: Registration,
    identity: Identity | None = None,
    post: Post | None = None,
    campaigns: Campaigns | None = None,
) -> Desk:
    """`post`: brings what the desk writes to others than the one it answers; None: nobody does."""
    from bot.channels.post import Post
    from bot.desk import Desk
    from bot.people.privacy import OwnRecords

    identity = identity or build_identity(assistant, store)
    records = OwnRecords(store.personal, now)
    return Desk(assistant, store.profiles, registration, now, identity, records, post or Post(), campaigns)


def build_identity(assistant: Assistant, store: Store) -> Identity:
    """To be told to `forget` whenever the staff has changed."""
    from bot.people.identity import Identity

    zone = zone_of(assistant)

    def day_of(regency: str, moment: float) -> date:
        return datetime.fromtimestamp(moment, zone(regency)).date()

    return Identity(store.identities, store.staff, day_of, seconds)


def zone_of(assistant: Assistant) -> Callable[[str], tzinfo]:
    """A regency's zone; the system's for one that is not in the corpus."""

    def zone(regency: str) -> tzinfo:
        known = assistant.engine.corpus.regencies.get(regency)
        return known.calendar.zone if known else now().tzinfo or UTC

    return zone


def calendar_of(assistant: Assistant) -> Callable[[str], Calendar | None]:
    """A regency's calendar; None for one that is not in the corpus."""

    def calendar(regency: str) -> Calendar | None:
        known = assistant.engine.corpus.regencies.get(regency)
        return known.calendar if known else None

    return calendar


def build_subscriptions(store: Store, settings: Settings) -> Subscriptions:
    """Raises Problem where the file of its secret cannot be used."""
    from bot.campaigns.subscriptions import Subscriptions
    from bot.storage.key_files import secret_at
    from bot.storage.subscriptions import SqlSubscriptions

    secret, days = secret_at(settings.subscriptions.key), settings.subscriptions.days
    return Subscriptions(SqlSubscriptions(store.engine), secret, days, seconds)


def contents_of(assistant: Assistant) -> list[Content]:
    """What answers rest on: each circular, a national one as it is for the first regency."""
    from bot.campaigns.content import of_policies
    from bot.policy.corpus import NATIONAL

    corpus = assistant.engine.corpus
    first = next(iter(corpus.regencies), None)
    found = []
    for name, circular in corpus.circulars.items():
        place = first if circular.regency == NATIONAL else circular.regency
        if place is not None:
            found.append(of_policies(corpus, name, place, assistant.catalogues))
    return found


def build_campaigns(
    assistant: Assistant,
    store: Store,
    identity: Identity,
    subscriptions: Subscriptions,
    proxies: ProxyOffice,
    settings: Settings,
    link: Callable[[str], Awaitable[str]],
    hindered: Hindrances,
) -> Campaigns:
    """What the desk does about circulars that were sent. `link`: to the chat, carrying a text."""
    from bot.campaigns.assembly import Assembly, Tokens
    from bot.campaigns.chat import CampaignChat
    from bot.campaigns.counter import CampaignCounter
    from bot.campaigns.hr_chat import HrChat
    from bot.campaigns.letters import Letters
    from bot.campaigns.proxy_chat import ProxyChat
    from bot.campaigns.reporting import Reporting
    from bot.campaigns.steering import Steering
    from bot.campaigns.tasks import TaskOffice
    from bot.campaigns.wall import Wall
    from bot.storage.acknowledgments import SqlAcknowledgments
    from bot.storage.campaigns import SqlCampaigns
    from bot.storage.circular_reading import SqlCirculars
    from bot.storage.key_files import secret_at
    from bot.storage.receipts import SqlReceipts
    from bot.storage.reports import SqlReports
    from bot.storage.signing_key import signer_of
    from bot.storage.tasks import SqlTasks
    from bot.storage.whatsapp_statuses import SqlUnseen

    secret = secret_at(settings.subscriptions.key)
    engine, zone = store.engine, zone_of(assistant)
    circulars, tasks, kept = SqlCirculars(engine), SqlTasks(engine), SqlCampaigns(engine, seconds)
    assembly = Assembly(Tokens(secret), circulars, store.staff, link, seconds)
    chat = CampaignChat(
        SqlAcknowledgments(engine),
        circulars,
        tasks,
        lambda: assistant.engine,
        assistant.intent,
        zone,
        calendar_of(assistant),
        seconds,
        Wall(assembly, circulars, zone),
        receipts=SqlReceipts(engine, lambda: signer_of(engine, settings.evidence.key), seconds),
        unseen=SqlUnseen(engine, seconds),
        letters=Letters(circulars, kept, assistant.catalogues, DEFAULT_LANGUAGE, zone),
    )
    reporting = Reporting(SqlReports(engine, seconds), identity.today, zone, calendar_of(assistant))
    steering = Steering(reporting, kept)
    office = TaskOffice(tasks, store.staff, identity.today, seconds)
    asking = ProxyChat(proxies, circulars, zone, seconds)
    hr = HrChat(reporting, steering, office, zone, asking, hindered)
    return CampaignCounter(chat, hr, subscriptions)


def build_proxies(assistant: Assistant, store: Store, identity: Identity, post: Post) -> ProxyOffice:
    """To be asked to `tell` every few minutes: of decisions that were taken where there is no channel."""
    from bot.campaigns.proxies import Around, ProxyOffice
    from bot.storage.circular_reading import SqlCirculars
    from bot.storage.proxies import SqlProxies

    circulars = SqlCirculars(store.engine)
    around = Around(
        store.identities,
        store.profiles,
        circulars,
        post,
        assistant.catalogues,
        calendar=calendar_of(assistant),
    )
    return ProxyOffice(SqlProxies(store.engine), store.staff, around, identity.today, seconds)


def build_noticing(
    assistant: Assistant, store: Store, identity: Identity, also: Noticed | None = None
) -> Noticing:
    """Told of every answer from now on, and `also` another one."""
    from bot.noticing import Noticing

    def earliest() -> date:
        zones = {regency.calendar.zone for regency in assistant.engine.corpus.regencies.values()}
        return min((now().astimezone(zone).date() for zone in zones), default=now().date())

    noticing = Noticing(identity, store.counters, store.staff, earliest)

    def noticed(key: str, asker: Asker, answered: Answered) -> None:
        noticing(key, asker, answered)
        if also is not None:
            also(key, asker, answered)

    assistant.noticed = noticed
    return noticing
