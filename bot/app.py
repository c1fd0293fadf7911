"""The composition root: the only place that wires the parts, and the only one that owns the clock.

What asking on the command line needs is imported at once; Telegram, the ledger and the settings only by the
functions that run them.
"""

from __future__ import annotations

import gc
import sys
from datetime import datetime
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
    from bot.desk import Desk
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


def build_desk(assistant: Assistant, store: Store, registration: Registration) -> Desk:
    from bot.desk import Desk

    return Desk(assistant, store.profiles, registration, now)
