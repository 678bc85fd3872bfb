"""What a community wants to be asked: how often, from when on, from which sectors.

Its own words, and what its declines have led to, which it sees with the cause and changes as it likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete
from sqlmodel import Session, col

from app.access.service import Caller
from app.communities import documents, queries
from app.communities import service as communities
from app.communities.models import Community, LearnedPreference
from app.communities.schemas import CommunityUpdate, LearnedOut, PreferencesOut, PreferencesUpdate
from app.core import events
from app.core.clock import now
from app.core.i18n import Language, mark, translate

_DAY, _SECTORS = "ask_not_before", "excluded_sectors"

BECAUSE = {
    "no_time": mark("Twice within a year there was no time for a tandem."),
    "same_sector_not_wished": mark("A suggestion was declined because it was of the same sector."),
    "other_sector_wished": mark("Twice within a year another sector was wished."),
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """Those of a community, and which of them come from its declines."""

    community: Community
    learned: Sequence[LearnedPreference]


def get(session: Session, caller: Caller, community_id: str) -> Preferences:
    """The preferences of a community that the caller may see in full. Raises CommunityNotFound, RoleNotEnough."""
    return _of(session, communities.get_in_full(session, caller, community_id))


def change(
    session: Session, caller: Caller, community_id: str, wish: PreferencesUpdate, if_match: str | None
) -> Preferences:
    """Change what was sent. What declines had led to, and was changed, is forgotten with its cause."""
    update = CommunityUpdate.model_validate(wish.model_dump(exclude_unset=True))
    community = communities.update(session, caller, community_id, update, if_match)
    kept = _of(session, community)
    for one in queries.learned(session, community_id):
        if one not in kept.learned:
            session.delete(one)
    session.flush()
    return kept


def wait_until(session: Session, community_id: str, day: date, because: str) -> None:
    """The community is asked from this day on; a later one that it has named stays."""
    community = _held(session, community_id)
    if community.ask_not_before is not None and community.ask_not_before >= day:
        return
    session.execute(
        delete(LearnedPreference).where(
            col(LearnedPreference.community_id) == community_id, col(LearnedPreference.field) == _DAY
        )
    )
    _learn(session, community, _DAY, day, day.isoformat(), because)


def exclude_sector(session: Session, community_id: str, sector: str, because: str) -> None:
    """The community is suggested nobody of this sector."""
    community = _held(session, community_id)
    if sector not in community.excluded_sectors:
        _learn(session, community, _SECTORS, [*community.excluded_sectors, sector], sector, because)


def shown(preferences: Preferences, language: Language) -> PreferencesOut:
    """Preferences with the causes of those that were learned, in words."""
    return PreferencesOut.model_validate(
        vars(preferences.community)
        | {
            "community_id": preferences.community.id,
            "learned": [
                LearnedOut(
                    field=one.field,
                    value=one.value,
                    because=one.because,
                    text=translate(BECAUSE[one.because], language),
                    learned_at=one.learned_at,
                )
                for one in preferences.learned
            ],
        }
    )


def _of(session: Session, community: Community) -> Preferences:
    return Preferences(community, [one for one in queries.learned(session, community.id) if _holds(community, one)])


def _holds(community: Community, learned: LearnedPreference) -> bool:
    """Whether the community's field still says what was learned."""
    if learned.field == _SECTORS:
        return learned.value in community.excluded_sectors
    return community.ask_not_before is not None and community.ask_not_before.isoformat() == learned.value


def _held(session: Session, community_id: str) -> Community:
    return session.get_one(Community, community_id, with_for_update={"key_share": True}, populate_existing=True)


def _learn(session: Session, community: Community, field: str, value: object, noted: str, because: str) -> None:
    # The manager has said it, if not here: no portal is to overwrite it.
    entered = sorted({*community.entered_by_manager, field})
    documents.apply(community, {field: value, "entered_by_manager": entered})
    session.add(community)
    session.merge(
        LearnedPreference(community_id=community.id, field=field, value=noted, because=because, learned_at=now())
    )
    session.flush()
    events.record(session, "community.changed", community.id)
