"""Typed chat → tokens in canonical form, each with its place in the message.

The forms live in policies/kosakata/obrolan.yaml. Every lexicon of the understanding is matched on
canonical forms: whoever compiles phrases runs them through the same `Normaliser`. What it does:

- lengthened letters: bolehhh, livee → boleh, live
- doubled words: bisa2, bisa-bisa → bisa (kept whole where doubling changes the sense: tiba-tiba)
- chat forms: gk, bsk, skrg → tidak, besok, sekarang; gaboleh → tidak boleh (two tokens, shared offsets)
- glued numbers: jam8pagi, 2jam → jam 8 pagi, 2 jam; 15.30, 1/12, 17-8-2026 stay one token
- slips of the finger in longer words: besk, skarang, sekarnag → besok, sekarang
- affixes of the domain's own words: ngelive, nge-live, livenya → live; bolehkah → boleh.
  No other word is ever stemmed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bot.model import Token
from bot.understanding.folding import fold

CACHED_WORDS = 8_192
"""Distinct words remembered by one Normaliser; when full, it starts afresh."""

_SCANNER = r"""[ ]*+(
    (?P<plain>[^\W\d_]++(?!['/.\d+-]))
  | (?P<known>{known})
  | (?P<day>h[+-]\d{{1,2}}(?!\w))
  | (?P<twice>[^\W\d_]{{2,}}+)2(?P<after>nya|an|in|ku|mu)?(?!\w|[.:]\d)
  | (?P<word>[^\W\d_]++(?:'[^\W\d_]+)*+(?:-(?:[^\W\d_]+'?)+)*+)
  | (?P<number>\d{{4}}-\d{{1,2}}-\d{{1,2}}(?!\d)|\d{{1,2}}-\d{{1,2}}-\d{{2,4}}(?!\d)
             |\d+-?an(?![^\W_])|\d+(?:[.,:/]\d+)*)
  | (?P<mark>[?!,.;:()/%+\n-])
)"""
_LONG = re.compile(r"([^x])\1\1+")  # x masks digits (08xxx); nobody lengthens it
_DOUBLE = re.compile(r"([^x])\1+")
_VOWELS = frozenset("aiueo")
_LONG_ENOUGH = 5
_SHORTEST = 3
"""Of what is left of a word without its vowels."""
_ROMAN = re.compile(r"[ivxl]+")


class Piece(NamedTuple):
    """A canonical word within a typed one: `start` and `end` count from the typed word's start.
    `plain` is the canonical word with its affixes left on, for writing the text anew."""

    norm: str
    start: int
    end: int
    plain: str


class Normaliser:
    """Reads obrolan.yaml's data once; afterwards `tokens` is a dictionary look-up per word.

    Raises ValueError when a form is claimed twice or is itself canonical for another.
    """

    def __init__(self, chat: Mapping[str, Any]) -> None:
        self._forms = _forms(chat["bentuk"])
        affixes = chat["imbuhan"]
        self._stems = frozenset(affixes["kata_dasar"])
        self._hosts = frozenset(affixes["kata_berklitik"])
        self._prefixes = _longest_first(affixes["awalan"])
        self._melting: dict[str, str] = dict(affixes["awalan_luluh"])
        self._suffixes = _longest_first(affixes["akhiran"])
        self._clitics = _longest_first(affixes["klitik"])
        self._whole = frozenset(chat["ulang_tetap"])
        self._counted = frozenset(chat["lekat"])
        self._fillers = frozenset(chat["pengisi"])
        self._words = (
            self._stems
            | self._hosts
            | frozenset(chat["kata"])
            | frozenset(word for canonical in chat["bentuk"] for word in canonical.split())
        )
        self._slips = _slips(self._words, self._forms.keys() | frozenset(chat["bukan_salah_ketik"]))
        odd = [form for form in self._forms if not form.isalpha()]
        self._scan = re.compile(_SCANNER.format(known=_alternatives(odd)), re.VERBOSE)
        self._cache: dict[str, tuple[Piece, ...]] = {}

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The tokens of a message; of a longer one than MAX_CHARACTERS, of its beginning."""
        folded = fold(text)
        known, places = self._cache.get, folded.places
        found: list[Token] = []
        for match in self._scan.finditer(folded.text):
            offset = match.start(1)
            for norm, start, end, _ in known(match[1]) or self._remember(match):
                start += offset
                end += offset
                if places is not None:
                    start, end = places[start], places[end - 1] + 1
                found.append(Token(text[start:end], norm, start, end))
        return tuple(found)

    def forget(self) -> None:
        """Empties the cache of words."""
        self._cache.clear()

    def text(self, text: str) -> str:
        """The message written anew in canonical words, affixes kept, particles left out."""
        matches = self._scan.finditer(fold(text).text)
        pieces = (piece for match in matches for piece in self._cache.get(match[1]) or self._remember(match))
        return " ".join(piece.plain for piece in pieces if piece.plain not in self._fillers)

    # --- one match of the scanner ------------------------------------------------------------

    def _remember(self, match: re.Match[str]) -> tuple[Piece, ...]:
        if len(self._cache) >= CACHED_WORDS:
            self.forget()
        pieces = self._cache[match[1]] = self._pieces(match)
        return pieces

    def _pieces(self, match: re.Match[str]) -> tuple[Piece, ...]:
        typed = match[1]
        if match["known"]:
            return _spread(self._forms[typed], len(typed))
        if match["plain"] or match["word"]:
            return self._read(typed)
        if match["twice"] is None:
            return (_piece(typed.replace("-an", "an"), 0, len(typed)),)
        base = match["twice"]
        if base in self._counted:
            return (*self._read(base), _piece(typed[len(base) :], len(base), len(typed)))
        return self._doubled(base, len(typed), match["after"] or "")

    # --- one typed word ----------------------------------------------------------------------

    def _read(self, typed: str) -> tuple[Piece, ...]:
        known = self._known(typed.replace("'", ""), len(typed))
        if known:
            return known
        if "-" in typed:
            return self._hyphened(typed)
        short = next(filter(None, (self._known(s, len(typed)) for s in _shortened(typed))), None)
        meant = self._slips.get(_tidy(typed), _tidy(typed))
        return short or (_piece(meant, 0, len(typed)),)

    def _known(self, word: str, length: int) -> tuple[Piece, ...] | None:
        """The word as a chat form, a canonical word or an affixed stem; None if it is none of them."""
        if word in self._forms:
            return _spread(self._forms[word], length)
        if word in self._words:
            return (Piece(word, 0, length, word),)
        stem = self._stem(word)
        return None if stem is None else (Piece(stem, 0, length, word),)

    def _stem(self, word: str) -> str | None:
        for clitic in self._clitics:
            if word.endswith(clitic) and self._canonical(word[: -len(clitic)]) in self._hosts:
                return self._canonical(word[: -len(clitic)])
        for suffix in self._suffixes:
            if word.endswith(suffix):
                stem = self._without_prefix(word[: len(word) - len(suffix)])
                if stem is not None:
                    return stem
        return None

    def _without_prefix(self, word: str) -> str | None:
        """The stem of a word without suffix. A melting prefix gives back its letter: meny-iar is siar."""
        for prefix in self._prefixes:
            if word.startswith(prefix):
                stem = self._canonical(word[len(prefix) :])
                if stem in self._stems:
                    return stem
        for prefix, letter in self._melting.items():
            if word.startswith(prefix) and letter + word[len(prefix) :] in self._stems:
                return letter + word[len(prefix) :]
        return None

    def _canonical(self, word: str) -> str:
        return self._forms.get(word, word)

    def _hyphened(self, typed: str) -> tuple[Piece, ...]:
        first, _, rest = typed.partition("-")
        joined = self._known(typed.replace("-", "").replace("'", ""), len(typed))
        if joined:
            return joined
        if len(first) > 1 and rest.startswith(first):
            return self._doubled(first, len(typed), rest[len(first) :])
        return tuple(self._parts(typed))

    def _parts(self, typed: str) -> Iterator[Piece]:
        start = 0
        for part in typed.split("-"):
            if start:
                yield _piece("-", start - 1, start)
            for piece in self._read(part):
                yield Piece(piece.norm, start + piece.start, start + piece.end, piece.plain)
            start += len(part) + 1

    def _doubled(self, base: str, length: int, after: str) -> tuple[Piece, ...]:
        base = self._read(base)[-1].norm
        plain = f"{base}-{base}{after}"
        return (Piece(plain if base in self._whole else base, 0, length, plain),)


def _forms(groups: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Typed form → canonical words."""
    forms: dict[str, str] = {}
    for canonical, typed_forms in groups.items():
        for typed in typed_forms:
            plain = str(typed).replace("'", "")
            if forms.get(plain, canonical) != canonical or (plain in groups and plain != canonical):
                raise ValueError(f"obrolan.yaml: '{typed}' has two canonical forms, one is '{canonical}'")
            forms[plain] = canonical
    return forms


def _slips(words: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Slips of the finger in the words of five letters and more: an inner vowel left out (skarang, besk), two
    neighbours exchanged (sekarnag); and the words without their vowels (kntr, snksi), as people shorten what
    they type. What is a word itself, or could be two, is none."""
    meant: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _LONG_ENOUGH and word.isalpha():
            for slip in _slips_of(word):
                meant.setdefault(slip, set()).add(word)
    whole = set(words) | set(known)
    return {slip: min(found) for slip, found in meant.items() if len(found) == 1 and slip not in whole}


def _slips_of(word: str) -> Iterator[str]:
    for place in range(1, len(word) - 1):
        if word[place] in _VOWELS:
            yield word[:place] + word[place + 1 :]
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    for end in (len(word), len(word) - 1):  # the last vowel may stay
        short = word[0] + "".join(letter for letter in word[1:end] if letter not in _VOWELS) + word[end:]
        if _SHORTEST <= len(short) < len(word):
            yield short


def _longest_first(affixes: Iterable[str]) -> tuple[str, ...]:
    return (*sorted(set(affixes), key=lambda a: (-len(a), a)), "")


def _alternatives(odd: Iterable[str]) -> str:
    """Forms that are not plain letters (s/d, p3k) as one pattern, guarded by their first letters."""
    longest = sorted(odd, key=len, reverse=True)
    if not longest:
        return "(?!)"
    first = "".join(sorted({re.escape(form[0]) for form in longest}))
    return rf"(?=[{first}])(?<![^\W_])(?:{'|'.join(map(re.escape, longest))})(?![^\W_])"


def _piece(norm: str, start: int, end: int) -> Piece:
    return Piece(norm, start, end, norm)


def _spread(canonical: str, length: int) -> tuple[Piece, ...]:
    return tuple(_piece(word, 0, length) for word in canonical.split())


def _shortened(typed: str) -> tuple[str, ...]:
    """The word with its lengthened letters cut, likeliest first: to two, to one, every pair to one."""
    word = typed.replace("'", "")
    if _ROMAN.fullmatch(word):
        return ()
    return (_LONG.sub(r"\1\1", word), _LONG.sub(r"\1", word), _DOUBLE.sub(r"\1", word))


def _tidy(typed: str) -> str:
    """An unknown word with its obvious lengthening cut: three letters alike, a vowel doubled at the end."""
    word = typed.replace("'", "")
    if _ROMAN.fullmatch(word):
        return word
    word = _LONG.sub(r"\1", word)
    return word[:-1] if len(word) > 3 and word[-2:] in ("aa", "ii", "uu") else word
