"""The words by which rosters speak: headers of columns, and what stands in cells.

They are data (policies/kosakata/daftar_pegawai.yaml), handed over as the vocabulary's language data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.people.numbers import NumberKind
from bot.people.roster.cells import tidy
from bot.problems import Problem
from bot.vocabulary import Vocabulary

FILE = "daftar_pegawai"

_APART = re.compile(r"[\W_]+")


class Field(StrEnum):
    """What a column can hold, besides the names of units. The values are the words of a mapping file."""

    NUMBER = "nomor"
    NAME = "nama"
    STATUS = "status"
    PHONE = "telepon"
    PATTERN = "pola"
    UNIT_CODE = "kode_unit"
    UNIT_KIND = "jenis_unit"
    END = "berakhir"


REQUIRED = (Field.NUMBER, Field.NAME, Field.STATUS)


def folded(text: str) -> str:
    """Two texts that differ only in capitals, spaces and punctuation have the same."""
    return _APART.sub(" ", tidy(text).casefold()).strip()


@dataclass(frozen=True, slots=True)
class RosterWords:
    """`headers`: by field, preferred first. `unit_headers`: by level from the top. `numbers`: which form of
    number a status has. `statuses`, `patterns`: further names, by id. `unit_starts`: how names of units
    begin, by class; `unit_skips` words at the front that say nothing, `unit_not` phrases of the vocabulary
    that are no class here. `before_regency`: words before the regency's own name. All folded."""

    headers: Mapping[Field, tuple[str, ...]]
    unit_headers: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, NumberKind]
    statuses: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]
    unit_starts: Mapping[str, tuple[str, ...]]
    unit_skips: tuple[str, ...]
    unit_not: frozenset[str]
    before_regency: tuple[str, ...]


def words_of(vocabulary: Vocabulary) -> RosterWords:
    """Raises Problem if the file is missing or cannot be understood."""
    data = vocabulary.language.get(FILE)
    if data is None:
        raise Problem("roster.no_words", file=f"kosakata/{FILE}.yaml")
    try:
        return _read(data)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Problem("roster.bad_words", file=f"kosakata/{FILE}.yaml", detail=repr(error)) from error


def _read(data: Mapping[str, Any]) -> RosterWords:
    by_name = dict(data["unit_menurut_nama"])
    skips, no_class = _all(by_name.pop("lewati", ())), _all(by_name.pop("bukan", ()))
    return RosterWords(
        headers={Field(name): _all(words) for name, words in data["kolom"].items()},
        unit_headers=tuple(_all(words) for words in data["unit"]),
        numbers={status: NumberKind(kind) for status, kind in data["nomor_bagi"].items()},
        statuses=_lists(data["sebutan"]["status"]),
        patterns=_lists(data["sebutan"]["pola"]),
        unit_starts=_lists(by_name),
        unit_skips=skips,
        unit_not=frozenset(no_class),
        before_regency=_all(data["sebelum_nama_daerah"]),
    )


def _lists(data: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: _all(words) for name, words in data.items()}


def _all(words: Sequence[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise TypeError(words)
    return tuple(folded(str(word)) for word in words)
