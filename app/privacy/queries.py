"""What is attached to a person or a company, through the tables of several features."""

from sqlalchemy import or_, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app.communities import queries as communities
from app.exchanges import queries as exchanges
from app.exchanges.models import Exchange
from app.notifications import queries as messages
from app.people.models import Person
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
