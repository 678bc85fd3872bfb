"""The profile that the engine reads, and how one is read from a line of JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from matching.exceptions import InvalidProfile, UnreadableProfiles

MAX_CAPACITY = 3

# Other names under which exports carry the same thing.
_ALIASES = {"house": "company", "lang": "languages"}


class Field(StrEnum):
    """The fields of a profile whose texts are compared."""

    NAME = "name"
    PURPOSE = "purpose"
    DESCRIPTION = "description"
    TAGS = "tags"
    OFFERS = "offers"
    SEEKS = "seeks"
    TARGET_GROUP = "target_group"
    FORMATS = "formats"


# To look a member up by its name would take longer than all else that is done with a short text.
_NAME, _PURPOSE, _DESCRIPTION, _TAGS, _OFFERS, _SEEKS, _TARGET_GROUP, _FORMATS = Field
_MAY_BE_UNSPOKEN = (_TAGS, _OFFERS, _SEEKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A community as the engine sees it: texts to compare and rules of who may meet whom.

    `id` is unique among the profiles of one call; `company` groups those that never meet each other.
    `languages` are BCP 47 tags, compared by their primary part (`en-GB` meets `en`); none stated means
    unknown and forbids nothing. `capacity` is how many tandems are wanted, 0 to 3. `working_hours` are
    (start, end) in hours of UTC, `(8.0, 16.0)` for nine to five in Berlin in winter; `None` is unknown.
    `excluded_companies` are companies that this community does not want to meet. `withheld` are words
    that a reason must never show, such as the company's own name; nor do they make profiles alike. `unspoken` are
    those texts among the tags, offers and seeks that make profiles alike, but are never told: a reason shows no word
    that only they have. `stage` is where the community stands (`growth`), for differences that are told, never for
    similarity. Every text but the name may be missing: that costs nothing.
    """

    id: str
    company: str
    name: str
    purpose: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()
    target_group: str = ""
    formats: tuple[str, ...] = ()
    stage: str = ""
    languages: tuple[str, ...] = ()
    capacity: int = 1
    working_hours: tuple[float, float] | None = None
    excluded_companies: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    unspoken: tuple[str, ...] = ()

    @property
    def texts_by_field(self) -> list[tuple[Field, str]]:
        """Every text that is compared, field by field; empty ones are left out."""
        texts = [(_NAME, self.name), (_PURPOSE, self.purpose), (_DESCRIPTION, self.description)]
        for field, several in ((_TAGS, self.tags), (_OFFERS, self.offers), (_SEEKS, self.seeks)):
            for text in several:
                texts.append((field, text))
        texts.append((_TARGET_GROUP, self.target_group))
        for text in self.formats:
            texts.append((_FORMATS, text))
        return [one for one in texts if one[1]]

    def is_told(self, field: Field, text: str) -> bool:
        """Whether a reason may speak of a text."""
        return field not in _MAY_BE_UNSPOKEN or text not in self.unspoken

    @property
    def spoken(self) -> "Profile":
        """The profile without its unspoken texts."""
        if not self.unspoken:
            return self
        tags, offers, seeks = (
            tuple(text for text in texts if text not in self.unspoken)
            for texts in (self.tags, self.offers, self.seeks)
        )
        return replace(self, tags=tags, offers=offers, seeks=seeks, unspoken=())


def in_canonical_order(profiles: Iterable[Profile]) -> list[Profile]:
    """The profiles by id, so that any order of the input gives the same answer.

    Raises InvalidProfile for an empty id or company, an id that occurs twice, a capacity outside
    0 to 3, or working hours that end before they start.
    """
    ordered = sorted(profiles, key=lambda profile: profile.id)
    previous: str | None = None
    for profile in ordered:
        if not profile.id:
            raise InvalidProfile(profile.id, "the id is empty")
        if profile.id == previous:
            raise InvalidProfile(profile.id, "the id occurs twice; ids are unique among all companies")
        if not profile.company:
            raise InvalidProfile(profile.id, "the company is empty")
        if not 0 <= profile.capacity <= MAX_CAPACITY:
            raise InvalidProfile(profile.id, f"capacity is {profile.capacity}; it is 0 to {MAX_CAPACITY}")
        if profile.working_hours is not None and not _is_a_span(profile.working_hours):
            raise InvalidProfile(
                profile.id, f"working_hours {profile.working_hours} is not (start, end) within a day"
            )
        previous = profile.id
    return ordered


def profile_from(record: Mapping[str, object]) -> Profile:
    """A profile from a decoded JSON object; fields the engine does not read are passed over.

    Raises InvalidProfile when `id`, `company` or `name` is missing or a field has the wrong type.
    """
    fields = {_ALIASES.get(key, key): value for key, value in record.items()}
    profile_id = fields.get("id")
    if not isinstance(profile_id, str) or not profile_id:
        raise InvalidProfile("", "`id` is missing; give each profile a text that is unique")
    for required in ("company", "name"):
        if not isinstance(fields.get(required), str) or not fields[required]:
            raise InvalidProfile(profile_id, f"`{required}` is missing or is not text")

    def text(key: str) -> str:
        return _text(profile_id, key, fields.get(key))

    def strings(key: str) -> tuple[str, ...]:
        return _strings(profile_id, key, fields.get(key))

    return Profile(
        id=profile_id,
        company=text("company"),
        name=text("name"),
        purpose=text("purpose"),
        description=text("description"),
        tags=strings("tags"),
        offers=strings("offers"),
        seeks=strings("seeks"),
        target_group=text("target_group"),
        formats=strings("formats"),
        stage=text("stage"),
        languages=strings("languages"),
        excluded_companies=strings("excluded_companies"),
        withheld=strings("withheld"),
        unspoken=strings("unspoken"),
        capacity=_capacity(profile_id, fields.get("capacity")),
        working_hours=_hours(profile_id, fields.get("working_hours")),
    )


def read_profiles(path: Path) -> list[Profile]:
    """All profiles of an NDJSON file; empty lines are passed over.

    Raises UnreadableProfiles, naming the line, for a missing file, invalid UTF-8, broken JSON, a
    line that is no object, or a profile that breaks a rule.
    """
    profiles: list[Profile] = []
    seen: dict[str, int] = {}
    for number, record in read_json_lines(path):
        try:
            profile = profile_from(record)
        except InvalidProfile as error:
            raise UnreadableProfiles(path.name, number, error.problem) from error
        if profile.id in seen:
            raise UnreadableProfiles(
                path.name, number, f"the id {profile.id!r} was on line {seen[profile.id]} already"
            )
        seen[profile.id] = number
        profiles.append(profile)
    return profiles


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Line number and decoded object of each line that is not empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableProfiles(path.name, None, error.strerror or "cannot be read") from error
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            raise UnreadableProfiles(
                path.name, number, f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8"
            ) from error
        except json.JSONDecodeError as error:
            raise UnreadableProfiles(
                path.name, number, f"not JSON at column {error.colno} ({error.msg}); one object a line"
            ) from error
        except (ValueError, RecursionError) as error:
            raise UnreadableProfiles(
                path.name, number, "too deeply nested, or a number of too many digits"
            ) from error
        if not isinstance(record, dict):
            raise UnreadableProfiles(path.name, number, "not a JSON object")
        yield number, record


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag without script and region: `en-GB` -> `en`."""
    return tag.replace("_", "-").split("-", 1)[0].lower()


def _is_a_span(hours: tuple[float, float]) -> bool:
    start, end = hours
    return start < end <= start + 24


def _text(profile_id: str, key: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidProfile(profile_id, f"`{key}` is not text")
    return value


def _strings(profile_id: str, key: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise InvalidProfile(profile_id, f"`{key}` is not a list of texts")
    return tuple(value)


def _capacity(profile_id: str, value: object) -> int:
    if value is None:
        return 1
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_CAPACITY:
        raise InvalidProfile(profile_id, f"`capacity` is {value!r}; it is a whole number from 0 to {MAX_CAPACITY}")
    return value


def _hours(profile_id: str, value: object) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(hour, int | float) for hour in value):
        hours = (float(value[0]), float(value[1]))
        if _is_a_span(hours):
            return hours
    raise InvalidProfile(profile_id, "`working_hours` is not [start, end] in hours of UTC")
