"""For which communities a person speaks, and who is named as having agreed."""

import re
from collections.abc import Iterator

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.communities import documents
from app.communities import service as communities
from app.communities.models import Community, CommunityConsent, CommunityManager
from app.core import events
from app.people.models import Person

ERASED = "erased"


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    mine = (
        select(Community, CommunityManager)
        .join(CommunityManager, col(CommunityManager.community_id) == col(Community.id))
        .where(col(CommunityManager.person_id) == person_id)
        .order_by(col(Community.id))
    )
    for community, speaks in session.exec(mine):
        yield "community", {"id": community.id, "name": community.name, "deputy": speaks.deputy}


def erase_person(session: Session, person_id: str) -> None:
    """It speaks for no community any more; where a consent names it, it says only that somebody agreed.

    Records `community.contact_changed` for each of them, and `community.without_manager` where nobody is left.
    """
    person = session.get_one(Person, person_id)
    theirs = select(CommunityManager.community_id).where(col(CommunityManager.person_id) == person_id)
    ids = sorted(session.exec(theirs))
    # The versions first: they are found by who speaks for them.
    communities.touch_managed(session, person_id)
    session.execute(delete(CommunityManager).where(col(CommunityManager.person_id) == person_id))
    documents.stop_feeds(session, ids)
    _forget_consents(session, person)
    left = set(session.exec(select(CommunityManager.community_id).where(col(CommunityManager.community_id).in_(ids))))
    events.record_many(session, "community.contact_changed", ids)
    events.record_many(session, "community.without_manager", [one for one in ids if one not in left])


def _forget_consents(session: Session, person: Person) -> None:
    """Also in the words of whoever wrote it down: where the address or the first name is a word of them, in capitals
    or not."""
    words = "|".join(re.escape(one) for one in (person.email, person.first_name) if one)
    named = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    of_company = communities.ids_of_company(person.company_id)
    for table, name in ((Community, col(Community.id)), (CommunityConsent, col(CommunityConsent.community_id))):
        # Compared here: SQLite knows upper and lower case of ASCII alone.
        said = session.exec(select(table.consent_by).where(name.in_(of_company)).distinct())
        for words in [one for one in said if one and named.search(one)]:
            theirs = update(table).where(name.in_(of_company), col(table.consent_by) == words)
            session.execute(theirs.values(consent_by=ERASED))
