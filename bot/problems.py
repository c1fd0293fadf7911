"""Errors whose one line a person reads: which thing is wrong, its value, how to repair it."""

from __future__ import annotations

from bot.rendering.texts import Texts


class Problem(Exception):
    """Something the operator can repair. `key` names the sentence in locales/, `values` fill its holes.

    `str()` gives the key and the values, for logs; `line` gives the sentence. Secrets never go into `values`.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(" ".join((key, *(f"{name}={value}" for name, value in values.items()))))

    def line(self, texts: Texts) -> str:
        """The sentence in the language of `texts`, on one line."""
        return " ".join(texts(self.key, **self.values).split())
