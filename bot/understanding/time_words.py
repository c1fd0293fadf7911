"""The time words of policies/kosakata/waktu.yaml, checked and compiled for one look-up per token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.understanding.time_senses import NOTHING, Entry, Hours, Part, Sense, Span, Unit, opens

_ROLES = {
    "kepala_jam": "clock",
    "kepala_hari": "day",
    "kepala_tanggal": "date",
    "kepala_bulan": "month",
    "kepala_tahun": "year",
    "dasawarsa": "decade",
    "pekan": "week",
    "akhir_pekan": "weekend",
    "awal": "first",
    "akhir": "last",
    "pertengahan": "middle",
    "ini": "this",
    "depan": "next",
    "lalu": "previous",
    "lagi": "hence",
    "silam": "ago",
    "ke_depan": "ahead",
    "sampai": "until",
    "ke": "to",
    "dari": "from",
    "antara": "between",
    "dan": "and",
    "tanda_hubung": "dash",
    "sejak": "since",
    "sebelum": "before",
    "setelah": "after",
    "ke_atas": "onward",
    "lewat": "past",
    "kurang": "less",
    "dalam": "within",
    "selama": "for",
    "setiap": "every",
    "tiap_hari": "daily",
    "perekat": "glue",
    "sekarang": "now",
    "lampau": "earlier",
    "akan_datang": "later",
    "setengah": "half",
    "seperempat": "quarter",
}
_RELATIONS = {
    "saat": "during",
    "luar": "outside",
    "sedang": "ongoing",
    "sudah": "done",
    "belum": "not_yet",
    "usai": "over",
    "sudah_usai": "now_over",
    "lewat": "passed",
}
_PRESENT = {"sedang": "ongoing", "sudah": "done"}


class TimeWords:
    """waktu.yaml, compiled. Raises KeyError for a missing section, ValueError for a malformed one."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._senses: dict[tuple[str, ...], dict[str, Any]] = {}
        self.parts = {entry["id"]: _part(entry) for entry in data["bagian_hari"]}
        self.eve = self.parts[data["bagian_menjelang"]]
        self.written_from = int(data["apa_adanya_sejak"])
        self._read_days(data)
        self._read_spans(data)
        self._read_numbers(data)
        for section, role in _ROLES.items():
            self._role(data[section], role)
        self._role(data["memilih"]["bukan"], "not")
        for section, role in _RELATIONS.items():
            self._role(data["hubungan"][section], role)
        not_time = data["bukan_waktu"]
        for phrase in not_time["frasa"]:
            self._senses[tuple(phrase.split())] = {}
        self.phrases = _by_first_word(self._senses)
        self.no_time_after = frozenset(not_time["sesudah"])
        self.no_time_before = frozenset(not_time["sebelum"])
        self.no_part_after = frozenset(data["bukan_bagian_sesudah"])
        self.until_after_time = frozenset(data["sampai_sesudah_waktu"])
        self.no_day_after = frozenset(data["bukan_hari_sesudah"])
        self.date_heads = tuple([head] for head in data["kepala_tanggal"])
        self.topic_before = _phrases(data["pokok_pembicaraan"]["sebelum"])
        self.topic_after = _phrases(data["pokok_pembicaraan"]["sesudah"])
        self.topic_question = frozenset(data["pokok_pembicaraan"]["tanya"])
        self.greeting = {name: frozenset(words) for name, words in data["salam"].items()}
        self.choosing = {name: frozenset(words) for name, words in data["memilih"].items()}

    # --- sections ----------------------------------------------------------------------------

    def _read_days(self, data: Mapping[str, Any]) -> None:
        for entry in data["bagian_hari"]:
            self._add(entry["kata"], part=self.parts[entry["id"]])
        for phrase, (days, part) in data["bagian_bergeser"].items():
            self._add([phrase], moved=(int(days), self.parts[part]))
        for phrase, moment in data["saat_hari"].items():
            self._add([phrase], moment=hours(moment))
        for phrase, days in data["hari_relatif"].items():
            self._add([phrase], relative=int(days))
        for phrase, day in data["nama_hari"].items():
            self._add([phrase], weekday=int(day))
        for phrase in data["pekan"]:
            self._add([phrase], unit=Unit(days=7))
        short = set(data["bulan_hanya_bertanggal"])
        for phrase, month in data["nama_bulan"].items():
            self._add([phrase], month=int(month))
            if phrase in short:
                self._role([phrase], "short")
        for entry in data["hari_bernama"]:
            self._add(entry["kata"], dated=(int(entry["tanggal"][0]), int(entry["tanggal"][1])))
        for entry in data["hari_bergerak"]:
            self._add(entry["kata"], feast=str(entry["simbol"]))

    def _read_spans(self, data: Mapping[str, Any]) -> None:
        for entry in data["simbol"]:
            likely = entry.get("antara")
            span = Span(
                during=entry["saat"],
                present=frozenset(role for name, role in _PRESENT.items() if entry.get(name) == "sekarang"),
                before=entry.get("sebelum"),
                after=entry.get("setelah"),
                outside=entry.get("luar"),
                bare=_yes(entry["polos"]),
                likely=(hours(likely[0]), hours(likely[1])) if likely else None,
                of_days=_yes(entry.get("hari", False)),
            )
            self._add(entry["kata"], span=span)

    def _read_numbers(self, data: Mapping[str, Any]) -> None:
        words = data["bilangan"]
        for word, number in words["angka"].items():
            self._add([word], number=int(number), scale=0)
        for name, scale in {"belas": 10, "puluh": 20, "ratus": 100, "ribu": 1000}.items():
            self._add(words[name], scale=scale)
        for entry in data["satuan"]:
            size = Unit(int(entry.get("detik", 0)), int(entry.get("hari", 0)), int(entry.get("bulan", 0)))
            self._add(entry["kata"], unit=size)
            self._add(entry["se"], unit=replace(size, one=True))
        for word, ahead in data["zona"].items():
            self._add([word], zone=int(ahead))

    # --- collecting --------------------------------------------------------------------------

    def _add(self, phrases: Iterable[str], **meaning: Any) -> None:
        for phrase in phrases:
            self._senses.setdefault(tuple(str(phrase).split()), {}).update(meaning)

    def _role(self, phrases: Iterable[str], role: str) -> None:
        for phrase in phrases:
            sense = self._senses.setdefault(tuple(str(phrase).split()), {})
            sense["roles"] = sense.get("roles", frozenset()) | {role}


def hours(clock: str) -> Hours:
    """ "18:30" → 18½ hours from 00:00; "24:00" is the end of the day."""
    hour, _, minute = clock.partition(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _part(entry: Mapping[str, Any]) -> Part:
    figures = tuple(None if hour is None else int(hour) for hour in entry["jam"])
    if len(figures) != 12:
        raise ValueError(f"waktu.yaml: bagian_hari {entry['id']}: jam needs 12 entries, has {len(figures)}")
    start, end = hours(entry["mulai"]), hours(entry["selesai"])
    sun, night = _yes(entry.get("perkiraan", False)), _yes(entry.get("di_luar_hari_kerja", False))
    return Part(entry["id"], start, end, figures, sun, night)


def _yes(value: bool | str) -> bool:
    """The loader may hand over YAML's own booleans or the Indonesian words."""
    return value if isinstance(value, bool) else value == "ya"


def _phrases(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split()) for text in texts)


def _by_first_word(senses: Mapping[tuple[str, ...], Mapping[str, Any]]) -> dict[str, Entry]:
    alone: dict[str, Sense] = {}
    longer: dict[str, dict[str, list[tuple[tuple[str, ...], Sense]]]] = {}
    for phrase, meaning in senses.items():
        sense = Sense(**meaning, opens=opens(meaning)) if meaning else NOTHING
        first, *rest = phrase
        longer.setdefault(first, {})
        if rest:
            longer[first].setdefault(rest[0], []).append((tuple(rest[1:]), sense))
        else:
            alone[first] = sense
    return {
        first: Entry(
            alone.get(first),
            {second: tuple(sorted(rests, key=_longest)) for second, rests in by_second.items()},
        )
        for first, by_second in longer.items()
    }


def _longest(phrase: tuple[tuple[str, ...], Sense]) -> int:
    return -len(phrase[0])
