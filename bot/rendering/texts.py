"""The texts that people read, by symbolic key, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class MissingTextError(KeyError):
    """A key has no text in a catalogue; the tests keep this from reaching anyone."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(f"no text '{key}' in language '{language}': add it to locales/{language}")


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """One language's catalogue: `texts("verdict.prohibited", until="12.00")`. Compared by identity.

    `language` is "id" or "en"; `entries` maps keys to texts with `{named}` holes.
    """

    language: str
    entries: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        text = self.entries.get(key)
        if text is None:
            raise MissingTextError(key, self.language)
        return text.format(**values) if values else text

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def word(self, wording: Mapping[str, str]) -> str:
        """A wording of the vocabulary in this language; Indonesian where it is not translated."""
        return wording.get(self.language) or wording["id"]
