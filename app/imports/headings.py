"""Headings of CSV files, English and German: which field of a profile each column fills."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from app.communities.schemas import CommunityOut
from app.imports.messages import UnreadableFile, unknown_headings

# The first one is the field's own name, the second the German one that messages name.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "external_id": ("external_id", "Externe ID", "Externe Kennung", "Kennung", "id", "Community-ID", "Nummer"),
    "name": ("name", "Bezeichnung", "Titel", "title", "display name", "Community", "Community-Name"),
    "teaser": ("teaser", "Untertitel", "subtitle", "Kurztext", "Kurzbeschreibung", "short description", "tagline"),
    "purpose": ("purpose", "Zweck", "Ziel", "Mission", "Anliegen", "goal"),
    "description": ("description", "Beschreibung", "Langbeschreibung", "Text", "about", "Über uns"),
    "topics": ("topics", "Themen", "Thema", "topic", "Schwerpunkte"),
    "tags": ("tags", "Schlagworte", "Schlagwörter", "Stichworte", "Stichwörter", "keywords", "labels"),
    "target_group": ("target_group", "Zielgruppe", "audience", "target audience"),
    "kind": ("kind", "Art", "Typ", "type", "Art der Community"),
    "practice": ("practice", "Praxisart", "Art der Praxis", "practice type"),
    "origin": ("origin", "Ursprung", "Entstehung"),
    "access": ("access", "Zugang"),
    "size_band": (
        "size_band",
        "Größe",
        "Größenklasse",
        "size",
        "Mitglieder",
        "Mitgliederzahl",
        "Anzahl Mitglieder",
        "members",
        "member count",
    ),
    "founded_year": (
        "founded_year",
        "Gründungsjahr",
        "Gegründet",
        "Gegründet am",
        "Erstellt am",
        "founded",
        "created at",
    ),
    "languages": ("languages", "Sprachen", "Sprache", "language"),
    "time_zone": ("time_zone", "Zeitzone"),
    "platform": ("platform", "Plattform"),
    "collaboration": ("collaboration", "Zusammenarbeit", "Arbeitsweise"),
    "stage": ("stage", "Phase", "Lebensphase", "Reifegrad", "lifecycle stage"),
    "offers": ("offers", "Angebote", "Wir bieten", "we offer"),
    "seeks": ("seeks", "Gesuche", "Wir suchen", "Lernwünsche", "we seek"),
    "formats_practised": ("formats_practised", "Formate", "Genutzte Formate", "formats", "formats practiced"),
    "formats_wanted": ("formats_wanted", "Gewünschte Formate", "Wunschformate"),
    "rhythm_weeks": ("rhythm_weeks", "Rhythmus", "Rhythmus in Wochen", "rhythm"),
    "meeting_minutes": ("meeting_minutes", "Dauer", "Dauer in Minuten", "duration", "meeting length"),
    "capacity": ("capacity", "Kapazität", "Anzahl Tandems", "number of tandems"),
    "horizon_months": ("horizon_months", "Laufzeit", "Laufzeit in Monaten", "Zeithorizont", "horizon"),
    "wished_companies": ("wished_companies", "Gewünschte Unternehmen", "Wunschunternehmen"),
    "excluded_companies": ("excluded_companies", "Ausgeschlossene Unternehmen"),
    "wished_sectors": ("wished_sectors", "Gewünschte Branchen", "Wunschbranchen"),
    "excluded_sectors": ("excluded_sectors", "Ausgeschlossene Branchen"),
    "touches": ("touches", "Berührt", "Sensible Themen", "sensitive topics"),
    "listed_openly": ("listed_openly", "Offen gelistet", "Offen sichtbar"),
    "asks_per_quarter": ("asks_per_quarter", "Anfragen je Quartal", "Anfragen pro Quartal"),
    "ask_not_before": ("ask_not_before", "Nicht anfragen vor", "Anfragen ab"),
}
# Who speaks for a community: one of these, one of the parts, in either order, perhaps with a number from 2 to 20.
PERSONS: Mapping[str, tuple[str, ...]] = {
    "manager": ("manager", "Community-Manager", "Ansprechpartner", "Ansprechpartnerin", "Ansprechperson", "contact"),
    "deputy": ("deputy", "Stellvertretung", "Vertretung", "Stellvertreter", "Stellvertreterin"),
}
PARTS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "E-Mail", "E-Mail-Adresse", "mail", "email address"),
    "first_name": ("first_name", "Vorname"),
    "language": ("language", "Sprache"),
}
# As many as a community may have.
MOST_PERSONS = 20
# Columns of an export that tell what the service says by itself; an import passes over them.
SKIPPED = (
    "tandem_company",
    *(f"tandem_{field}" for field in CommunityOut.model_fields if field not in (*HEADINGS, "managers")),
)
_NEEDED = ("external_id", "name")
_LONGEST_SHOWN = 60
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Person:
    """A part of a manager: the second deputy's first name is ("deputy", 2, "first_name")."""

    role: str
    number: int
    part: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is headed, and what it fills: a field, a part of a manager, or nothing."""

    heading: str
    target: str | Person | None


def key(text: str) -> str:
    """What two spellings of a heading or a word have in common: no case, no blanks, no marks, ae for ä."""
    folded = unicodedata.normalize("NFC", text).casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        folded = folded.replace(umlaut, letters)
    return "".join(character for character in unicodedata.normalize("NFKD", folded) if character.isalnum())


def is_known(text: str) -> bool:
    return key(text) in _targets()


def columns(headings: Sequence[str]) -> list[Column]:
    """What each column fills. Raises UnreadableFile for headings that are unknown, double, empty or missing."""
    for number, heading in enumerate(headings, start=1):
        if not heading.strip():
            raise UnreadableFile("file_heading_empty", column=number)
    unknown = [heading for heading in headings if not is_known(heading)]
    if unknown:
        raise unknown_headings({_shown(heading): _nearest(heading) for heading in unknown[:_MOST_SHOWN]})
    found = [Column(_shown(heading), _targets()[key(heading)]) for heading in headings]
    first: dict[str | Person, str] = {}
    for column in found:
        if column.target is None:
            continue
        if column.target in first:
            raise UnreadableFile(
                "file_heading_twice", first=first[column.target], second=column.heading, field=name_of(column.target)
            )
        first[column.target] = column.heading
    for field in _NEEDED:
        if field not in first:
            raise UnreadableFile("file_heading_missing", field=field, german=HEADINGS[field][1])
    return found


def name_of(target: str | Person) -> str:
    """The heading that we would write."""
    if isinstance(target, str):
        return target
    number = "" if target.number == 1 else f"{target.number}_"
    return f"{target.role}_{number}{target.part}"


def as_markdown() -> str:
    """The list of headings, for people."""
    lines = [f"| `{field}` | {', '.join(names[1:])} |" for field, names in HEADINGS.items()]
    persons = " or ".join(", ".join(names) for names in PERSONS.values())
    parts = " or ".join(", ".join(names) for names in PARTS.values())
    return "\n".join(
        [
            "| field | other headings |",
            "|---|---|",
            *lines,
            f"| `managers` | {persons}, together with {parts} (`manager_email`, `Vorname Stellvertretung`, "
            f"`manager_2_email` up to {MOST_PERSONS}) |",
        ]
    )


@cache
def _targets() -> Mapping[str, str | Person | None]:
    """Every known heading by its key."""
    found: dict[str, str | Person | None] = dict(_of_persons())
    found |= {key(name): None for name in SKIPPED}
    found |= {key(name): field for field, names in HEADINGS.items() for name in names}
    return found


def _of_persons() -> Iterator[tuple[str, Person]]:
    for role, names in PERSONS.items():
        for name in map(key, names):
            for part, words in PARTS.items():
                for word in map(key, words):
                    for number in range(1, MOST_PERSONS + 1):
                        person = Person(role, number, part)
                        numbered = {f"{name}{number}{word}", f"{name}{word}{number}", f"{word}{name}{number}"}
                        unnumbered = {name + word, word + name} if number == 1 else set()
                        for heading in numbered | unnumbered:
                            yield heading, person


@cache
def _suggestions() -> Mapping[str, str]:
    """What can be suggested, by key: as people would write it, without the numbered ones."""
    written = {key(name): name for names in HEADINGS.values() for name in names}
    for names in PERSONS.values():
        for name in names:
            for words in PARTS.values():
                written |= {key(f"{name} {word}"): f"{name} {word}" for word in words}
    return written | {key(name): name for name in HEADINGS}


def _nearest(heading: str) -> str | None:
    close = get_close_matches(key(heading[:_LONGEST_SHOWN]), list(_suggestions()), n=1, cutoff=0.75)
    return _suggestions()[close[0]] if close else None


def _shown(heading: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in heading)
    return re.sub(r"\s+", " ", printable).strip()[:_LONGEST_SHOWN]
