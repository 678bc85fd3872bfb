"""Meetups and talks as each caller may see them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.access.service import Caller
from app.communities import queries as communities
from app.core import times
from app.core.dates import local
from app.core.i18n import Language
from app.guardrails import acceptance, terms
from app.guardrails.schemas import HintOut
from app.meetups import agendas, queries
from app.meetups.models import Meetup, Talk
from app.meetups.schemas import MeetupAgendaItemOut, MeetupOut, TalkHint, TalkOut


@dataclass(frozen=True, slots=True)
class ToldTalk:
    """An accepted talk as everybody may read it."""

    id: str
    title: str
    abstract: str
    language: str
    minutes: int
    community: str
    company: str
    speaker: str | None
    """The first name; None where nobody is named."""


def meetups_shown(
    session: Session,
    caller: Caller,
    meetups: Sequence[Meetup],
    language: Language,
    *,
    people_told: int | None = None,
) -> list[MeetupOut]:
    """Meetups that the caller may see: who does not organize them sees neither the link nor who waits."""
    organizes = caller.role in queries.ORGANIZES
    hosts = queries.company_names(session, [one.host_company_id for one in meetups])
    titles = {one.id: one.title for one in queries.accepted_talks(session, [one.id for one in meetups])}

    def item(one: agendas.Item) -> MeetupAgendaItemOut:
        hints = _hints(one.text, language) if organizes else None
        return MeetupAgendaItemOut(text=one.text, talk_id=one.talk_id, minutes=one.minutes, hints=hints)

    return [
        MeetupOut.model_validate(
            vars(one)
            | {
                "local_start": _by_the_clocks(one.starts_at, one.time_zone),
                "local_end": _by_the_clocks(one.ends_at, one.time_zone),
                "start_remark": times.remark(one.starts_at, one.time_zone, language),
                "end_remark": times.remark(one.ends_at, one.time_zone, language),
                "online_link": one.online_link if organizes else None,
                "host_company": hosts.get(one.host_company_id or ""),
                "agenda": [item(each) for each in agendas.shown(one.agenda, titles)],
                "places_left": places_left(one),
                "taken": one.taken if organizes else None,
                "waiting": one.waiting if organizes else None,
                "people_told": people_told,
                "notice": acceptance.notice(language),
            }
        )
        for one in meetups
    ]


def places_left(meetup: Meetup) -> int | None:
    """None: any number."""
    return None if meetup.capacity is None else max(meetup.capacity - meetup.taken, 0)


def tag(meetup: Meetup, shown: MeetupOut) -> str:
    """Another one whenever anything changes of what this reader sees. What people have registered meanwhile is told
    behind the version, and is nobody's change: see `version_of`."""
    seen = (shown.status.value, shown.places_left, shown.taken, shown.waiting)
    return ".".join(str(part) for part in (meetup.version, *seen) if part is not None)


def version_of(if_match: str | None) -> str | None:
    """What `tag` has made, with the version only."""
    return None if if_match is None else re.sub(r'\.[a-z0-9.]*"', '"', if_match)


def talks_shown(session: Session, meetup_ids: Iterable[str]) -> dict[str, list[ToldTalk]]:
    """The accepted talks of some meetups, for everybody."""
    talks = queries.accepted_talks(session, meetup_ids)
    known = communities.carded(session, {one.community_id for one in talks})
    speakers = queries.first_names(session, [one.speaker_id for one in talks])
    shown: dict[str, list[ToldTalk]] = {}
    for one in talks:
        card = known[one.community_id]
        told = ToldTalk(
            id=one.id,
            title=one.title,
            abstract=one.abstract,
            language=one.language,
            minutes=one.minutes,
            community=card.name,
            company=card.company_name,
            speaker=speakers.get(one.speaker_id or ""),
        )
        shown.setdefault(one.meetup_id, []).append(told)
    return shown


def proposals_shown(session: Session, caller: Caller, talks: Sequence[Talk], language: Language) -> list[TalkOut]:
    """Talks that the caller may see; their ids at home for their own side, hints for it and for organizers."""
    organizes = caller.role in queries.ORGANIZES
    known = communities.carded(session, {one.community_id for one in talks})
    speakers = queries.first_names(session, [one.speaker_id for one in talks])
    own = queries.own_talks(session, caller, [one.id for one in talks])

    def shown(one: Talk) -> TalkOut:
        card, is_own = known[one.community_id], one.id in own
        return TalkOut.model_validate(
            vars(one)
            | {
                "company": card.company_name,
                "community": card.name,
                "speaker": speakers.get(one.speaker_id or ""),
                "community_id": one.community_id if is_own or organizes else None,
                "speaker_id": one.speaker_id if is_own else None,
                "hints": _talk_hints(one, language) if is_own or organizes else None,
            }
        )

    return [shown(one) for one in talks]


def _talk_hints(talk: Talk, language: Language) -> list[TalkHint]:
    return [
        TalkHint(field=field, hint=hint)
        for field in ("title", "abstract")
        for hint in _hints(str(getattr(talk, field)), language)
    ]


def _hints(text: str, language: Language) -> list[HintOut]:
    return [HintOut.of(hint, language) for hint in terms.hints(text)]


def _by_the_clocks(moment: datetime, zone: str) -> str:
    return local(moment, zone).replace(tzinfo=None).isoformat()
