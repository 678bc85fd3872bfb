"""Cells of CSV files as people write them: yes and ja, numbers with units, lists, German words for enum values.

What cannot be understood stays as it is written, so that the field itself says what it accepts.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from babel import Locale

from app.communities.models import (
    Access,
    Collaboration,
    Format,
    Kind,
    Origin,
    Practice,
    SensitiveTopic,
    SizeBand,
    Stage,
)
from app.imports.headings import key

WORDS: Mapping[type[StrEnum], Mapping[str, tuple[str, ...]]] = {
    Kind: {
        "interest": ("Interesse",),
        "action": ("Aktion", "Handeln"),
        "circumstance": ("Lebenslage", "Lebensumstand"),
        "place": ("Ort", "Standort"),
        "practice": ("Praxis",),
    },
    Practice: {
        "helping": ("Hilfe", "Helfen"),
        "best_practice": ("Gute Praxis",),
        "innovation": ("Innovation",),
        "stewarding": ("Pflege", "Wissenspflege"),
    },
    Origin: {"grassroots": ("Basis", "selbst gegründet"), "sponsored": ("beauftragt", "gefördert")},
    Access: {"open": ("offen",), "closed": ("geschlossen",)},
    Collaboration: {
        "on_site": ("vor Ort", "Präsenz"),
        "hybrid": ("hybrid",),
        "virtual": ("virtuell", "online", "remote"),
    },
    Stage: {
        "idea": ("Idee",),
        "concept": ("Konzept",),
        "first_steps": ("Erste Schritte",),
        "ramp_up": ("Aufbau", "Anlauf"),
        "live": ("Betrieb", "aktiv"),
        "growth": ("Wachstum",),
        "ending": ("Ende", "Abschluss"),
    },
    Format: {
        "talk": ("Vortrag",),
        "ama": ("Fragestunde", "ask me anything"),
        "barcamp": ("Barcamp",),
        "case_clinic": ("Fallberatung", "Kollegiale Beratung"),
        "knowledge_cafe": ("Wissenscafé", "Knowledge Café"),
        "peer_learning": ("Lernen voneinander", "Peer Learning"),
        "podcast": ("Podcast",),
        "hackathon": ("Hackathon",),
        "working_out_loud": ("WOL",),
        "lunch_and_learn": ("Lunch & Learn",),
        "other": ("Sonstiges", "andere"),
    },
    SensitiveTopic: {
        "purchasing": ("Einkauf",),
        "sales": ("Vertrieb", "Verkauf"),
        "pricing": ("Preise", "Preisgestaltung"),
        "pay_or_hr_terms": ("Gehälter", "Vergütung", "Arbeitsbedingungen"),
        "tenders": ("Ausschreibungen",),
        "product_roadmap": ("Produktplanung", "Produkt-Roadmap"),
    },
}
YES = ("true", "yes", "ja", "wahr", "y", "j", "x", "1")
NO = ("false", "no", "nein", "falsch", "n", "0")
NONE = ("none", "keine", "keines", "nichts", "-")

_CLOSED_LISTS = ("\n", "|", ";", ",", "/")
_PHRASES = ("\n", "|", ";", ",")
_SENTENCES = ("\n", "|", ";")
_WHOLE = re.compile(r"(?:alle |every )?([+-]?[0-9]{1,9})(?:[.,]0+)?(?:[ -]?[a-zäöü.]+)?", re.I)
_COUNT = re.compile(r"[0-9]{1,3}(?:[.,' \u00a0\u202f’][0-9]{3})+|[0-9]+")
_BANDS: Mapping[tuple[int, int], SizeBand] = {
    (50, 99): SizeBand.FROM_50,
    (100, 499): SizeBand.FROM_100,
    (500, 1999): SizeBand.FROM_500,
    (2000, 4000): SizeBand.FROM_2000,
}
_BELOW = ("<", "unter", "under", "weniger als", "less than", "below")
_ABOVE = (">", "über", "ueber", "over", "mehr als", "more than", "above")
_YEAR_FIRST = re.compile(r"([0-9]{4})(?:-[0-9]{2}){1,2}(?:[T ].*)?")
_YEAR_LAST = re.compile(r"[0-9]{1,2}[./][0-9]{1,2}[./]([0-9]{4})(?: .*)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_MILLISECONDS_FROM = 10**11
_SECONDS_FROM = 10**8
_LAST_SECOND = 4_102_444_800
_LONGEST_CODE = 3
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), also in the wide forms.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """What was guarded; the apostrophe of `'=1+1` goes, that of `'tis` stays."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def says_none(text: str) -> bool:
    """Whether a cell of a list says that it is empty."""
    return key(text) in NONE or text.strip() in NONE


def value(field: str, cell: str) -> object:
    """What a cell says about a field."""
    reader = _READERS.get(field)
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return reader(text) if reader else text


def year(given: object) -> object:
    """The year of a time in milliseconds, in seconds, or as a date; a year as it is."""
    if isinstance(given, str):
        text = given.strip()
        date = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
        if date is not None:
            return int(date[1])
        return year(int(text)) if re.fullmatch("[0-9]{1,16}", text) else _whole(text)
    if not isinstance(given, int) or isinstance(given, bool) or given < _SECONDS_FROM:
        return given
    seconds = given // 1000 if given >= _MILLISECONDS_FROM else given
    return datetime.fromtimestamp(seconds, UTC).year if seconds < _LAST_SECOND else given


def day(text: str) -> object:
    """A day as Germans write it, in the order of a date; any other as it is."""
    found = _DAY_FIRST.fullmatch(text.strip())
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text.strip()


def flag(text: str) -> object:
    """ja and yes, nein and no."""
    word = key(text)
    return True if word in YES else False if word in NO else text


def _whole(text: str) -> object:
    number = _WHOLE.fullmatch(text.strip())
    return int(number[1]) if number else text


def _size_band(text: str) -> object:
    """A band; of a count only its band is kept."""
    stripped = re.sub(r"^([0-9]+)[.,]0$", r"\1", text.strip())
    numbers = [int(re.sub("[^0-9]", "", count)) for count in _COUNT.findall(stripped)]
    lowered = stripped.casefold()
    if len(numbers) == 2:
        return _BANDS.get((numbers[0], numbers[1]), text)
    if len(numbers) != 1:
        return text
    if lowered.startswith(_BELOW):
        return SizeBand.UNDER_50 if numbers[0] == 50 else text
    if lowered.startswith(_ABOVE):
        return SizeBand.OVER_4000 if numbers[0] == 4000 else text
    if _COUNT.fullmatch(stripped) is None:
        return text
    if numbers[0] < 50:
        return SizeBand.UNDER_50
    return next((band for (_, most), band in _BANDS.items() if numbers[0] <= most), SizeBand.OVER_4000)


def _listed(separators: tuple[str, ...], read: Callable[[str], object]) -> Callable[[str], object]:
    """A list: split at the first of these separators that the cell contains."""

    def split(text: str) -> object:
        separator = next((one for one in separators if one in text), None)
        if separator is None and says_none(text):
            return []
        parts = text.split(separator) if separator else [text]
        return [read(part.strip()) for part in parts if part.strip()]

    return split


def _one_of(kind: type[StrEnum]) -> Callable[[str], object]:
    words = {key(word): value for value, names in WORDS[kind].items() for word in (value, *names)}
    return lambda text: words.get(key(text), text)


def language(text: str) -> object:
    """A tag, or the tag of a language's name in German or English."""
    text = text.strip()
    return text if len(text) <= _LONGEST_CODE else _language_names().get(key(text), text)


@cache
def _language_names() -> Mapping[str, str]:
    return {
        key(name): code.replace("_", "-")
        for locale in ("en", "de")
        for code, name in Locale(locale).languages.items()
    }


def _as_it_is(text: str) -> object:
    return text


_READERS: Mapping[str, Callable[[str], object]] = {
    "topics": _listed(_PHRASES, _as_it_is),
    "tags": _listed(_PHRASES, _as_it_is),
    "offers": _listed(_SENTENCES, _as_it_is),
    "seeks": _listed(_SENTENCES, _as_it_is),
    "kind": _one_of(Kind),
    "practice": _one_of(Practice),
    "origin": _one_of(Origin),
    "access": _one_of(Access),
    "collaboration": _one_of(Collaboration),
    "stage": _one_of(Stage),
    "size_band": _size_band,
    "founded_year": year,
    "languages": _listed(_CLOSED_LISTS, language),
    "formats_practised": _listed(_CLOSED_LISTS, _one_of(Format)),
    "formats_wanted": _listed(_CLOSED_LISTS, _one_of(Format)),
    "touches": _listed(_CLOSED_LISTS, _one_of(SensitiveTopic)),
    "wished_companies": _listed(_CLOSED_LISTS, _as_it_is),
    "excluded_companies": _listed(_CLOSED_LISTS, _as_it_is),
    "wished_sectors": _listed(_CLOSED_LISTS, _as_it_is),
    "excluded_sectors": _listed(_CLOSED_LISTS, _as_it_is),
    "rhythm_weeks": _whole,
    "meeting_minutes": _whole,
    "capacity": _whole,
    "horizon_months": _whole,
    "listed_openly": flag,
    "asks_per_quarter": _whole,
    "ask_not_before": day,
}
