"""The vocabulary compiled for understanding; what is wrong with its files becomes a problem with a place."""

from __future__ import annotations

from bot.policy.language import MissingEntryError
from bot.policy.problems import PolicyError, Problem
from bot.understanding import Understanding
from bot.vocabulary import Vocabulary


def understanding_of(vocabulary: Vocabulary) -> Understanding:
    """niat, obrolan and waktu are checked by compiling them. Raises PolicyError."""
    try:
        return Understanding(vocabulary)
    except MissingEntryError as error:
        raise PolicyError([error.problem]) from error
    except (KeyError, ValueError, TypeError) as error:
        detail = str(error) if isinstance(error, ValueError) else repr(error)
        problem = Problem("kosakata/niat.yaml", 1, "policy.error.vocabulary_data", {"detail": detail})
        raise PolicyError([problem]) from error
