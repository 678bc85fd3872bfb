"""What is attached to a person or a company, through the tables of several features."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app.access.models import ApiKey
from app.communities import queries as communities
from app.communities.models import CommunityManager
from app.companies.models import CompanyCoordinator
from app.core.clock import now
from app.exchanges import queries as exchanges
from app.exchanges.models import Exchange
from app.meetups.models import Meetup, Talk, TalkStatus
from app.notifications import queries as messages
from app.people.models import Person
from app.registrations.models import IN_LINE, Registration
from app.tandems.models import SideName, SuggestionSide, Tandem


def tandems_of(session: Session, person_id: str) -> list[tuple[Tandem, SideName]]:
    """The tandems of the communities that a person speaks for, or was mailed about while it did, by id; each with
    the person's own side."""
    mailed = {
        one.ids["tandem_id"]: SideName(one.ids["side"])
        for one in messages.of_person(session, person_id)
        if {"tandem_id", "side"} <= one.ids.keys()
    }
    mine = list(communities.spoken_for(session, person_id))
    theirs = or_(col(Tandem.id).in_(list(mailed)), col(Tandem.a_id).in_(mine), col(Tandem.b_id).in_(mine))
    found = session.exec(rows_of(Tandem).where(theirs).order_by(col(Tandem.id)))
    return [(one, mailed.get(one.id) or (SideName.A if one.a_id in mine else SideName.B)) for one in found]


def hold_meetups_of(session: Session, person_id: str) -> None:
    """Hold the meetups at which a person has a place or a talk until the transaction ends, in the order of ids."""
    comes = select(col(Registration.meetup_id)).where(
        col(Registration.person_id) == person_id, col(Registration.status).in_(IN_LINE)
    )
    speaks = select(col(Talk.meetup_id)).where(col(Talk.speaker_id) == person_id)
    theirs = select(col(Meetup.id)).where(or_(col(Meetup.id).in_(comes), col(Meetup.id).in_(speaks)))
    session.execute(theirs.order_by(col(Meetup.id)).with_for_update(key_share=True)).all()


def mails_with_person(session: Session, person_id: str) -> list[str]:
    """Ids of the mails to a person, and of those about its tandems and their meetings to anybody: most of these name
    contacts of both sides."""
    tandem_ids = [tandem.id for tandem, _ in tandems_of(session, person_id)]
    meetings = select(col(Exchange.id)).where(col(Exchange.tandem_id).in_(tandem_ids))
    return messages.ids_of_mails(session, [person_id], tandem_ids, meetings)


def mails_with_company(session: Session, company_id: str) -> list[str]:
    """As `mails_with_person`, for everybody of a company, and about its suggestions: some name communities."""
    people = select(col(Person.id)).where(col(Person.company_id) == company_id)
    suggestions = select(col(SuggestionSide.suggestion_id)).where(col(SuggestionSide.company_id) == company_id)
    tandems = exchanges.ids_of_company(company_id)
    meetings = select(col(Exchange.id)).where(col(Exchange.tandem_id).in_(tandems))
    return messages.ids_of_mails(session, people, suggestions, tandems, meetings)


def talks_of_company(session: Session, company_id: str, *, after: str | None, limit: int) -> Sequence[Talk]:
    """What its communities have proposed for meetups, by id, one more than `limit`."""
    theirs = rows_of(Talk).where(col(Talk.company_id) == company_id, col(Talk.id) > (after or ""))
    return session.exec(theirs.order_by(col(Talk.id)).limit(limit + 1)).all()


def registrations_of_company(
    session: Session, company_id: str, *, after: str | None, limit: int
) -> Sequence[Registration]:
    """Of its people, by id, one more than `limit`; not where the address was never confirmed."""
    theirs = rows_of(Registration).where(
        col(Registration.company_id) == company_id,
        col(Registration.number).is_not(None),
        col(Registration.id) > (after or ""),
    )
    return session.exec(theirs.order_by(col(Registration.id)).limit(limit + 1)).all()


def has_function(session: Session, person_id: str) -> bool:
    """Whether a person speaks for a community, coordinates for its company, has a key that works or a registration,
    or is to speak at a meetup to come."""
    works = or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > now())
    to_speak = (
        select(col(Talk.id))
        .join(Meetup, col(Meetup.id) == col(Talk.meetup_id))
        .where(
            col(Talk.speaker_id) == person_id,
            col(Talk.status).in_((TalkStatus.PROPOSED, TalkStatus.ACCEPTED)),
            col(Meetup.ends_at) > now(),
        )
    )
    functions = (
        select(col(CommunityManager.person_id)).where(col(CommunityManager.person_id) == person_id),
        select(col(CompanyCoordinator.person_id)).where(col(CompanyCoordinator.person_id) == person_id),
        select(col(ApiKey.id)).where(col(ApiKey.person_id) == person_id, col(ApiKey.revoked_at).is_(None), works),
        select(col(Registration.id)).where(col(Registration.person_id) == person_id),
        to_speak,
    )
    return any(session.execute(one.limit(1)).first() is not None for one in functions)
