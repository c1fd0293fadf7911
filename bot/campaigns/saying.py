"""Whether a message declares "sudah saya baca", takes it back, or says what a button of a circular says.

Narrow on purpose, for what it decides is evidence: every word must be one of kosakata/konfirmasi.yaml. A
question, a "belum", somebody else, a quotation or an unknown word makes a message no declaration.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from bot.understanding.normalise import Normaliser
from bot.vocabulary import Vocabulary

FILE = "konfirmasi"
LONGEST = 200
"""Letters of the longest declaration; what is longer says more than that."""

_MARKS = frozenset(".,!;:()\n-/")
_QUOTES = frozenset('"“”„«»')
_OPENING = ("'", "‘", "`", ">")
"""With these a text is quoted only where it begins with one: within words they are apostrophes."""


class Said(StrEnum):
    """What people say instead of pressing a button. The values are names in the file of words."""

    MISTAKEN = "ralat"
    NOT_FOR_ME = "bukan_untuk_saya"
    UNCLEAR = "tidak_paham"
    PROOF = "tanda_terima"
    UNREAD = "belum_dibaca"


class Sayings:
    """Compiled once from the vocabulary; without the file of words nothing is a declaration."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._normaliser = Normaliser(vocabulary.language["obrolan"])
        words = vocabulary.language.get(FILE, {})
        self._already = self._norms(words.get("sudah", ()))
        self._reading = self._norms(words.get("membaca", ()))
        self._beside = self._norms(words.get("pelengkap", ())) | self._already | self._reading
        self._led = {
            norm: self._norms(before)
            for word, before in words.get("didahului", {}).items()
            for norm in self._norms([word])
        }
        self._called = self._norms(words.get("sapaan", ()))
        self._herself = self._norms(words.get("diri", ()))
        self._undoing = self._norms(words.get("batal", ()))
        self._beside_undoing = self._norms(words.get("pelengkap_batal", ())) | self._undoing
        self._asking = self._norms(words.get("tanya", ()))
        self._asking_first = self._norms(words.get("tanya_awal", ()))
        self._others = {
            Said(name): self._phrases(entry["inti"], entry["pelengkap"])
            for name, entry in words.get("ucapan", {}).items()
        }

    def declares(self, text: str) -> bool:
        """ "sudah saya baca dan pahami": may be recorded as an acknowledgment."""
        said = self._said(text)
        if not (said & self._already and said & self._reading) or not said <= self._beside:
            return False
        if _QUOTES & set(text) or text.lstrip().startswith(_OPENING):
            return False
        return self._of_herself(text, said)

    def _of_herself(self, text: str, said: frozenset[str]) -> bool:
        """Not "bapak sudah membaca", whom it is said of; nor "have I read it", which asks."""
        words = [token.norm for token in self._normaliser.tokens(text)]
        pairs = list(zip(["", *words], words, strict=False))
        if any(before not in self._led[word] for before, word in pairs if word in self._led):
            return False
        of_another = any(a in self._called and b in self._already for a, b in pairs)
        return not of_another or bool(said & self._herself)

    def undoes(self, text: str) -> bool:
        """ "batalkan"."""
        said = self._said(text)
        return bool(said & self._undoing) and said <= self._beside_undoing

    def mentions(self, text: str) -> bool:
        """Whether it says anything of having read."""
        return bool(self._said(text) & self._reading)

    def means(self, text: str) -> Said | None:
        """None: something else, or it is more than one of them says."""
        said = self._said(text)
        for meant, (phrases, beside) in self._others.items():
            if any(phrase <= said <= beside | phrase for phrase in phrases):
                return meant
        return None

    def asks(self, text: str) -> bool:
        """Whether it has a word by which people ask."""
        words = [token.norm for token in self._normaliser.tokens(text)]
        return bool(self._asking & set(words)) or bool(words and words[0] in self._asking_first)

    def _said(self, text: str) -> frozenset[str]:
        """Its words; empty where it is too long to be a declaration."""
        if len(text) > LONGEST:
            return frozenset()
        return frozenset(token.norm for token in self._normaliser.tokens(text)) - _MARKS

    def _phrases(self, core: Iterable[str], beside: str) -> tuple[list[frozenset[str]], frozenset[str]]:
        return [self._norms([phrase]) for phrase in core], self._norms(beside)

    def _norms(self, source: str | Iterable[str]) -> frozenset[str]:
        phrases = source.split(",") if isinstance(source, str) else source
        return frozenset(token.norm for phrase in phrases for token in self._normaliser.tokens(phrase))
