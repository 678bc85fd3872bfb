"""Whom a meetup brings into a round: the communities that people come for, and what these people wish."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from app.communities.models import Participant
from app.meetups.models import Meetup, MeetupStatus
from app.registrations import queries as registrations

MOST = 20
"""Wishes of one kind that are read for a community: it is to be found by its own texts, too."""

HAS_GUESTS = frozenset(MeetupStatus) - {MeetupStatus.DRAFT, MeetupStatus.CANCELLED}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the people of a community wish, beside what it says itself. It is compared, and shown to nobody."""

    tags: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()


NONE = Wishes()


def status_of(session: Session, meetup_id: str) -> MeetupStatus | None:
    """At which point the meetup is; None where there is none."""
    meetup = session.get(Meetup, meetup_id)
    return meetup.status if meetup is not None else None


def communities(session: Session, meetup_id: str) -> set[str]:
    """The communities that somebody comes for, or came for where attendance was kept."""
    return {one.community_id for one in registrations.present(session, meetup_id) if one.community_id is not None}


def wishes(session: Session, meetup_id: str, participants: Iterable[Participant]) -> Mapping[str, Wishes]:
    """What the people wish who come for each of these communities; absent where they wish nothing of their own.

    What several of them wish comes first, then in the order of the alphabet: who has registered earlier, or a second
    time, makes no other round.
    """
    said: dict[str, tuple[list[str], list[str], list[str]]] = {}
    for one in registrations.present(session, meetup_id):
        if one.community_id is not None:
            themes, shows, learns = said.setdefault(one.community_id, ([], [], []))
            themes += _each_once(one.themes)
            shows += _each_once(one.show)
            learns += _each_once(one.learn)
    return {
        community.id: Wishes(
            tags=_beside((*community.topics, *community.tags), themes),
            offers=_beside(community.offers, shows),
            seeks=_beside(community.seeks, learns),
        )
        for community in participants
        if community.id in said
        for themes, shows, learns in [said[community.id]]
    }


def _each_once(texts: Iterable[str]) -> list[str]:
    """The texts of one person, each once: nobody wishes for two."""
    return list({text.casefold(): text for text in sorted(texts)}.values())


def _beside(own: Collection[str], wished: Iterable[str]) -> tuple[str, ...]:
    """What is wished and the community does not say itself; of two ways to write it the first of the alphabet."""
    known = {text.casefold() for text in own}
    times: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text in wished:
        key = text.casefold()
        if key not in known:
            times[key] += 1
            written[key] = min(written.get(key, text), text)
    ordered = sorted(times, key=lambda key: (-times[key], key))
    return tuple(written[key] for key in ordered[:MOST])
