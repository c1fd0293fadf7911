"""The composition root: the only place that wires the parts, and the only one that owns the clock.

What asking on the command line needs is imported at once; Telegram, the ledger and the settings only by the
functions that run them.
"""

from __future__ import annotations

import gc
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.assistant import Assistant
from bot.cache import default_folder, remembered
from bot.catalogues import DEFAULT_LANGUAGE, load_catalogues
from bot.catalogues import DIRECTORY as LOCALES
from bot.policy.decide import Engine
from bot.policy.files import DIRECTORY, fingerprint
from bot.policy.problems import PolicyError, Problem
from bot.rendering.texts import Texts
from bot.understanding import Understanding

if TYPE_CHECKING:
    from bot.channels.post import Post
    from bot.desk import Desk
    from bot.noticing import Noticing
    from bot.people.identity import Identity
    from bot.people.registration import Registration
    from bot.policy.corpus import Corpus
    from bot.storage.store import Store

KEPT = 8
"""Compiled corpora that are kept between runs."""


def now() -> datetime:
    """The clock, in the system's zone; the core turns it into the asker's."""
    return datetime.now().astimezone()


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
    package = Path(__file__).parent
    key = (sys.version, fingerprint(package, "*.py"), str(policies), fingerprint(policies))
    corpus, understanding = remembered(key, lambda: _compiled(policies), default_folder() / "compiled", KEPT)
    return Engine(corpus), understanding


def _compiled(policies: Path) -> tuple[Corpus, Understanding]:
    from bot.policy.load import load  # with all that checks files: a compiled corpus needs none of it

    corpus = load(policies, default_folder() / "files")
    try:
        return corpus, Understanding(corpus.vocabulary)
    except (
        KeyError,
        ValueError,
        TypeError,
    ) as error:  # niat, obrolan and waktu are checked by compiling them
        problem = Problem("kosakata/niat.yaml", 1, "policy.error.vocabulary_data", {"detail": repr(error)})
        raise PolicyError([problem]) from error


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
) -> Desk:
    """`post`: brings what the desk writes to others than the one it answers; None: nobody does."""
    from bot.channels.post import Post
    from bot.desk import Desk
    from bot.people.privacy import OwnRecords

    identity = identity or build_identity(assistant, store)
    records = OwnRecords(store.personal, assistant.catalogues[DEFAULT_LANGUAGE], now)
    return Desk(assistant, store.profiles, registration, now, identity, records, post or Post())


def build_identity(assistant: Assistant, store: Store) -> Identity:
    """To be told to `forget` whenever the staff has changed."""
    from bot.people.identity import Identity

    def day_of(regency: str, moment: float) -> date:
        known = assistant.engine.corpus.regencies.get(regency)
        return datetime.fromtimestamp(moment, known.calendar.zone if known else now().tzinfo).date()

    return Identity(store.identities, store.staff, day_of, lambda: now().timestamp())


def build_noticing(assistant: Assistant, store: Store, identity: Identity) -> Noticing:
    """Told of every answer from now on."""
    from bot.noticing import Noticing

    def earliest() -> date:
        zones = {regency.calendar.zone for regency in assistant.engine.corpus.regencies.values()}
        return min((now().astimezone(zone).date() for zone in zones), default=now().date())

    assistant.noticed = noticing = Noticing(identity, store.counters, store.staff, earliest)
    return noticing
