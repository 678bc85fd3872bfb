"""A person who comes to a meetup, and how one is read from a line of JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matching.exceptions import InvalidProfile, UnreadableProfiles
from matching.profiles import Profile, profile_from, read_json_lines


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person who comes to a meetup.

    `id` is unique among the attendees of one call. `themes`, what this person wants to `learn` about and can `show`
    are short texts in any language; so are those of its community's `profile`, where it has one. `languages` are BCP
    47 tags, compared by their primary part; none: fits any. `excluded_companies` are companies whose people this
    person does not sit with. `withheld` are words that are never told as a shared term, such as the company's name.
    """

    id: str
    company: str
    themes: tuple[str, ...] = ()
    learn: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    profile: Profile | None = None
    excluded_companies: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


def read_attendees(path: Path) -> list[Attendee]:
    """All attendees of an NDJSON file; empty lines are passed over.

    A line is an object with `id`, `company` and whatever else an `Attendee` has; `profile` is one as of a profile
    file. Fields that are not read are passed over. Raises UnreadableProfiles, naming the line, for what is not so.
    """
    attendees = []
    for number, record in read_json_lines(path):
        try:
            attendees.append(_attendee_from(record))
        except InvalidProfile as error:
            raise UnreadableProfiles(path.name, number, error.problem) from error
    return attendees


def _attendee_from(record: Mapping[str, object]) -> Attendee:
    # The texts of a person are checked as those of a profile are; it has no name, and needs none.
    person = profile_from({"name": "-", **_as_profile(record)})
    community = record.get("profile")
    if community is not None and not isinstance(community, dict):
        raise InvalidProfile(person.id, "`profile` is not an object")
    return Attendee(
        id=person.id,
        company=person.company,
        themes=person.tags,
        learn=person.seeks,
        show=person.offers,
        languages=person.languages,
        profile=None if community is None else profile_from(community),
        excluded_companies=person.excluded_companies,
        withheld=person.withheld,
    )


_OF_A_PROFILE = {"themes": "tags", "learn": "seeks", "show": "offers"}
_AS_IT_IS = ("id", "company", "house", "languages", "lang", "excluded_companies", "withheld")


def _as_profile(record: Mapping[str, object]) -> dict[str, object]:
    known = {name: record[name] for name in _AS_IT_IS if name in record}
    return known | {of_profile: record[name] for name, of_profile in _OF_A_PROFILE.items() if name in record}
