"""A meetup to take along, for who organizes it: one JSON object a line, people without address or id."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from app.access.models import Role
from app.access.service import Caller
from app.core.database import Database
from app.core.i18n import Language
from app.meetups import queries as meetup_queries
from app.meetups import service as meetups
from app.meetups.viewing import meetups_shown, proposals_shown
from app.registrations import queries as registrations
from app.registrations import totals
from app.registrations.viewing import registrations_shown
from app.seatings import service as seatings
from app.seatings.models import SeatingGroup

_ROWS_AT_ONCE = 500

# What nobody but a person's own side is told, and what a reader can have anew.
_NOT_OF_A_REGISTRATION = frozenset({"person_id", "excluded_companies", "stays", "online_link", "place", "hints"})
_OF_A_GROUP: Sequence[str] = ("rotation", "number", "language", "members", "shared", "similarity")


def export(database: Database, caller: Caller, meetup_id: str, language: Language) -> Iterator[bytes]:
    """The meetup with the figures that are kept of it, its talks, who is or was in line, the groups of the seating
    that counts, and what was said of it in totals; each with its `record`.

    Read in portions, each in a short session of its own. Raises MeetupNotFound before the first line.
    """
    with database.reader() as session:
        meetup = meetups.get(session, caller, meetup_id)
        caller.require(Role.ORGANIZER, Role.OPERATOR)
        [shown] = meetups_shown(session, caller, [meetup], language)
        talks = proposals_shown(session, caller, meetup_queries.talks_of(session, meetup_id), language)
        seating = seatings.current(session, meetup_id)
        groups = seatings.groups_of(session, seating.id) if seating else []
        said, kept = totals.told(meetup), totals.kept(meetup)
    head = [_line("meetup", shown.model_dump(mode="json") | {"figures": kept})]
    head += [_line("talk", one.model_dump(mode="json")) for one in talks]
    rest = [_line("group", _group(one)) for one in groups]
    if said is not None:
        counts = {"answers": said.answers, "yes": said.yes, "partly": said.partly, "no": said.no}
        rest.append(_line("feedback", counts | {"comments": list(said.comments)}))
    return chain(head, _registrations(database, caller, meetup_id, language), rest)


def _registrations(database: Database, caller: Caller, meetup_id: str, language: Language) -> Iterator[bytes]:
    after: int | None = None
    while True:
        with database.reader() as session:
            found = registrations.page(
                session, caller, meetup_id, status=None, company_id=None, after=after, limit=_ROWS_AT_ONCE
            )
            shown = registrations_shown(session, caller, found, language)
        for one in shown:
            yield _line("registration", one.model_dump(mode="json", exclude=set(_NOT_OF_A_REGISTRATION)))
        if len(found) <= _ROWS_AT_ONCE:
            return
        after = found[-1].number


def _group(group: SeatingGroup) -> dict[str, object]:
    return group.model_dump(mode="json", include=set(_OF_A_GROUP))


def _line(record: str, content: Mapping[str, object]) -> bytes:
    return (json.dumps({"record": record} | dict(content), ensure_ascii=False) + "\n").encode()
