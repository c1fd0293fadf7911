"""Which column of a regency's roster holds what.

As a file (YAML) or as kept in the ledger (JSON) it is the same plain data:

    lembar: Data Pegawai              # the sheet; may be left out
    baris_judul: 4                    # the row of the headers; may be left out
    kolom:                            # field: header, or several headers, the first that is filled counts
      nomor: [NIP, NI PPPK]
      nama: Nama Lengkap
      status: Jenis Pegawai
      telepon: No. HP
    unit: [Perangkat Daerah, Unit Kerja]   # headers of units, from the top down
    tetap: {status: pns}              # for what the file has no column of
    sebutan:                          # the regency's own words in cells
      status: {Honda: non_asn}
      pola: {6HK: enam_hari}
      unit: {Loka: upt}               # also how names of units begin
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.people.roster.words import Field
from bot.problems import Problem

KEYS = ("lembar", "baris_judul", "kolom", "unit", "tetap", "sebutan")
FIXED = (Field.STATUS, Field.PATTERN)
"""The fields that can be the same for everybody of a file."""

WORDS = ("status", "pola", "unit")


@dataclass(frozen=True, slots=True)
class RosterMapping:
    """`columns`: headers by field. `units`: headers from the top down. `sheet`, `header_row` (from 1) None:
    to be found. `fixed`: ids for everybody. `words`: "status", "pola" or "unit" → the regency's word → id."""

    columns: Mapping[Field, tuple[str, ...]]
    units: tuple[str, ...]
    sheet: str | None = None
    header_row: int | None = None
    fixed: Mapping[Field, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        return (*(header for headers in self.columns.values() for header in headers), *self.units)


def to_plain(mapping: RosterMapping) -> dict[str, Any]:
    """What is left out is not written."""
    columns = {
        name.value: headers[0] if len(headers) == 1 else list(headers)
        for name, headers in mapping.columns.items()
    }
    data: dict[str, Any] = {
        "lembar": mapping.sheet,
        "baris_judul": mapping.header_row,
        "kolom": columns,
        "unit": list(mapping.units),
        "tetap": {name.value: value for name, value in mapping.fixed.items()},
        "sebutan": {name: dict(words) for name, words in mapping.words.items() if words},
    }
    return {name: value for name, value in data.items() if value}


def from_plain(data: object) -> RosterMapping:
    """Raises Problem that names the place, where the data is no mapping."""
    whole = _mapping(data, "", KEYS)
    columns = _mapping(whole.get("kolom"), "kolom", tuple(Field))
    words = _mapping(whole.get("sebutan"), "sebutan", WORDS)
    row = whole.get("baris_judul")
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or row < 1):
        raise Problem("roster.map_value", place="baris_judul", value=row)
    return RosterMapping(
        columns={Field(name): _texts(value, f"kolom/{name}") for name, value in columns.items()},
        units=_texts(whole.get("unit", ()), "unit"),
        sheet=_text(whole["lembar"], "lembar") if whole.get("lembar") is not None else None,
        header_row=row,
        fixed={
            Field(name): _text(value, f"tetap/{name}")
            for name, value in _mapping(whole.get("tetap"), "tetap", FIXED).items()
        },
        words={
            name: {
                str(word): _text(value, f"sebutan/{name}/{word}")
                for word, value in _mapping(entries, f"sebutan/{name}", None).items()
            }
            for name, entries in words.items()
        },
    )


def _mapping(data: object, place: str, known: Sequence[str] | None) -> Mapping[str, Any]:
    """`known` None: any key."""
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise Problem("roster.map_value", place=place or "-", value=type(data).__name__)
    for key in data:
        if known is not None and key not in known:
            raise Problem("roster.map_unknown", place=place or "-", name=key, known=", ".join(known))
    return data


def _texts(value: object, place: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(_text(item, place) for item in value)
    return (_text(value, place),)


def _text(value: object, place: str) -> str:
    """Numbers are taken as written: a header can be 2026."""
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
        raise Problem("roster.map_value", place=place, value=value)
    return str(value)
