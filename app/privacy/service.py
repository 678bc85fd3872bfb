"""A company takes its data with it, and nothing of it stays behind: each feature offers its part."""

from collections.abc import Callable, Iterator, Sequence

from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyOut
from app.access.service import Caller
from app.communities import queries as community_queries
from app.communities import service as communities
from app.companies import coordinators
from app.companies import service as companies
from app.core.clock import now
from app.core.database import Database
from app.core.i18n import Language
from app.core.schemas import Output
from app.core.settings import Settings
from app.exchanges import queries as exchange_queries
from app.exchanges import service as exchanges
from app.exchanges.viewing import exchanges_shown, harvest_shown, pulse_shown
from app.guardrails import acceptance
from app.guardrails import personal as guardrails
from app.guardrails.schemas import AcceptanceOut
from app.imports import service as imports
from app.meetups import service as meetups
from app.meetups.viewing import proposals_shown
from app.notifications import mailing
from app.notifications import service as notifications
from app.people import service as people
from app.people.schemas import PersonOut
from app.privacy import queries, records
from app.registrations import forgetting as registrations
from app.registrations.viewing import registrations_shown
from app.rounds import service as rounds
from app.seatings import personal as seatings
from app.tandems import queries as tandem_queries
from app.tandems import queries_tandems
from app.tandems import service as tandems
from app.tandems.viewing import suggestions_shown, tandems_shown

_ROWS_AT_ONCE = 500

# Rows after an id, each with its own.
Read = Callable[[Session, str | None], Sequence[tuple[str, Output]]]


def export_company(
    database: Database, caller: Caller, company_id: str, *, pepper: str, language: Language
) -> Iterator[bytes]:
    """Everything that is stored about a company, one JSON object a line, each with its `record`; for an operator
    without what the sides of a tandem have answered and written.

    Read in portions, each in a short session of its own. Raises CompanyNotFound before the first line.
    """
    with database.reader() as session:
        company = companies.get(session, caller, company_id)
        head = companies.shown(session, caller, [company])
    return _lines(database, caller, company_id, head, pepper, language)


def erase_company(session: Session, company_id: str, settings: Settings) -> bool:
    """Erase a company whose time has come; False when it has stayed, or its day is another one.

    Files of mails that may name its people or communities go once the transaction is committed.
    """
    company = companies.get(session, access.SYSTEM, company_id, for_update=True)
    if not companies.is_due(company, now().date()):
        return False
    mailing.forget_files(session, settings, queries.mails_with_company(session, company_id))
    rounds.erase_company(session, company_id)
    exchanges.erase_company(session, company_id)
    tandems.erase_company(session, company_id)
    seatings.erase_company(session, company_id)
    registrations.erase_company(session, company_id)
    meetups.erase_company(session, company_id)
    imports.erase_company(session, company_id)
    notifications.erase_company(session, company_id)
    communities.erase_company(session, company_id)
    guardrails.erase_company(session, company_id)
    companies.erase(session, company)
    return True


def _lines(
    database: Database, caller: Caller, company_id: str, head: Sequence[Output], pepper: str, language: Language
) -> Iterator[bytes]:
    for one in head:
        yield from records.lines(caller, "company", one.model_dump(mode="json"))
    moment = now()
    # Of what two companies share each takes along its own side, whoever asks.
    as_itself = Caller(Role.COORDINATOR, key_id=caller.key_id, read_only=True, company_id=company_id)

    def some_people(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = people.page(session, company_id=company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, PersonOut.model_validate(one)) for one in found]

    def all_coordinators(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = coordinators.get(session, as_itself, company_id) if after is None else []
        return [(one.person_id, one) for one in coordinators.shown(company_id, found).coordinators]

    def some_acceptances(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = acceptance.page(session, as_itself, None, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, AcceptanceOut.model_validate(one)) for one in found]

    def some_keys(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = access.page_of_company(session, company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, KeyOut.of(one, moment)) for one in found]

    def some_communities(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = community_queries.page(
            session, caller, company_id=company_id, status=None, source=None, after=after, limit=_ROWS_AT_ONCE
        )
        return [(one.id, one) for one in communities.shown(session, caller, found)]

    def some_suggestions(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = tandem_queries.page(session, as_itself, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, one) for one in suggestions_shown(session, as_itself, found, pepper, language)]

    def some_tandems(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = queries_tandems.page(session, as_itself, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, one) for one in tandems_shown(session, as_itself, found)]

    def some_exchanges(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = exchange_queries.page_of_company(session, company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, exchanges_shown(session, as_itself, tandem, [one], language)[0]) for one, tandem in found]

    def some_harvests(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = exchange_queries.harvests_of_company(session, company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(tandem.id, harvest_shown(one, tandem.side_of(company_id), language)) for one, tandem in found]

    def all_pulses(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = exchange_queries.pulses_of_company(session, company_id) if after is None else []
        return [(tandem.id, pulse_shown(one, tandem)) for one, tandem in found]

    def some_talks(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = queries.talks_of_company(session, company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, one) for one in proposals_shown(session, as_itself, found, language)]

    def some_registrations(session: Session, after: str | None) -> list[tuple[str, Output]]:
        found = queries.registrations_of_company(session, company_id, after=after, limit=_ROWS_AT_ONCE)
        return [(one.id, one) for one in registrations_shown(session, as_itself, found, language)]

    parts: dict[str, Read] = {
        "person": some_people,
        "coordinator": all_coordinators,
        "guideline_acceptance": some_acceptances,
        "key": some_keys,
        "community": some_communities,
        "suggestion": some_suggestions,
        "tandem": some_tandems,
        "exchange": some_exchanges,
        "harvest": some_harvests,
        "pulse": all_pulses,
        "talk": some_talks,
        "registration": some_registrations,
    }
    for record, read in parts.items():
        after: str | None = None
        while True:
            with database.reader() as session:
                found = read(session, after)
            for _, shown in found:
                yield from records.lines(caller, record, shown.model_dump(mode="json"))
            if len(found) <= _ROWS_AT_ONCE:
                break
            after = found[-1][0]
