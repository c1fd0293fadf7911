"""Errors whose one line a person reads: which thing is wrong, its value, how to repair it."""

from __future__ import annotations

from errno import errorcode

from bot.rendering.texts import Texts


class Problem(Exception):
    """Something the operator can repair. `key` names the sentence in locales/, `values` fill its holes; an
    OSError among them is said in words.

    `str()` gives the key and the values, for logs; `line` gives the sentence. Secrets never go into `values`.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(" ".join((key, *(f"{name}={value}" for name, value in values.items()))))

    def line(self, texts: Texts) -> str:
        """The sentence in the language of `texts`, on one line."""
        values = {name: _in_words(value, texts) for name, value in self.values.items()}
        return " ".join(texts(self.key, **values).split())


def _in_words(value: object, texts: Texts) -> object:
    """What the system refuses, it says in English."""
    if not isinstance(value, OSError):
        return value
    key = f"system.{errorcode.get(value.errno or 0, '').lower()}"
    return texts(key) if key in texts else value.strerror or str(value)
