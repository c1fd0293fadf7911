"""Reads locales/ from disk: Babel parses the catalogues, the core receives plain `Texts`."""

from __future__ import annotations

from pathlib import Path

from bot.rendering.texts import Texts

DIRECTORY = Path(__file__).resolve().parent.parent / "locales"
DEFAULT_LANGUAGE = "id"


def load_catalogues(directory: Path = DIRECTORY) -> dict[str, Texts]:
    """Every language found below `directory`, by its code. A broken catalogue raises `PoFileError`."""
    return {
        path.parent.parent.name: _texts(path) for path in sorted(directory.glob("*/LC_MESSAGES/edaran.po"))
    }


def _texts(path: Path) -> Texts:
    from babel.messages.pofile import read_po  # not needed where the catalogues come from the cache

    language = path.parent.parent.name
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    entries = {
        m.id: m.string for m in catalogue if isinstance(m.id, str) and m.id and isinstance(m.string, str)
    }
    return Texts(language, {key: text for key, text in entries.items() if text})
