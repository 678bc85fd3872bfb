"""From registrations to what the engine reads of people: wishes, languages, whom they are not to meet; no names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.communities import queries as community_queries
from app.communities import service as communities
from app.communities.cards import company_words, unmasks
from app.communities.models import Carded, Kind, Participant, formats_in_words
from app.companies import proximity
from app.companies.models import Company
from app.guardrails import terms
from app.registrations import queries as registrations
from app.registrations.models import Registration, RegistrationStatus
from app.seatings import queries
from app.seatings.models import Seating
from matching.attendees import Attendee
from matching.profiles import Profile


@dataclass(frozen=True, slots=True)
class Discretion:
    """What must stand on no card, though people have it in common: a company, a masked community, a topic that
    competition law keeps out."""

    companies: Sequence[str]
    communities: Sequence[Carded]

    def lets_tell(self, phrase: str) -> bool:
        if any(company_words(name).mentioned_in(phrase) for name in self.companies):
            return False
        if any(unmasks(community, phrase) for community in self.communities):
            return False
        return not terms.hints(phrase)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be planned."""

    attendees: list[Attendee]
    apart: list[tuple[str, str]]
    before: list[list[list[str]]]
    """The rotations that are kept, as groups of registrations."""
    discretion: Discretion


def task_of(session: Session, seating: Seating) -> Task:
    """Read who is seated: those of the seating who still have a place."""
    found = registrations.by_ids(session, seating.people)
    seated = [one for one in found if one.status is RegistrationStatus.REGISTERED]
    ids = {one.id for one in seated}
    companies = queries.companies(session, {one.company_id for one in seated})
    named = sorted({one.community_id for one in seated if one.community_id is not None})
    # Empty would mean all.
    published = communities.taking_part(session, company_ids=[], community_ids=named) if named else []
    carded = community_queries.carded(session, [one.id for one in published])
    # What such a community is about would tell something about the person who comes for it.
    unspoken = {one.id for one in carded.values() if one.kind is Kind.CIRCUMSTANCE}
    return Task(
        attendees=_attendees(session, seated, companies, {one.id: one for one in published}, unspoken),
        apart=[(a, b) for a, b in seating.apart if a in ids and b in ids],
        before=_kept(session, seating),
        discretion=Discretion(
            sorted(company.name for company in companies.values()),
            list(carded.values()),
        ),
    )


def _attendees(
    session: Session,
    seated: Sequence[Registration],
    companies: Mapping[str, Company],
    published: Mapping[str, Participant],
    unspoken: Collection[str],
) -> list[Attendee]:
    languages = queries.languages_of_people(session, {one.person_id for one in seated})
    strangers = proximity.excluded_pairs(session)

    def attendee(one: Registration) -> Attendee:
        community = published.get(one.community_id or "")
        company = companies[one.company_id]
        excluded = _excluded(one, community, companies) | strangers.get(company.id, frozenset())
        return Attendee(
            id=one.id,
            company=company.id,
            themes=tuple(one.themes),
            learn=tuple(one.learn),
            show=tuple(one.show),
            languages=tuple(one.languages) or _languages(languages.get(one.person_id), community),
            profile=_profile(community, company) if community and community.id not in unspoken else None,
            # Who avoids a sector, and with it the own company, sits with colleagues all the same.
            excluded_companies=tuple(sorted(excluded - {company.id})),
            withheld=(company.name,),
        )

    return [attendee(one) for one in seated]


def _excluded(one: Registration, community: Participant | None, companies: Mapping[str, Company]) -> set[str]:
    """The companies that a person, or its community, does not want to meet."""
    if community is None:
        return set(one.excluded_companies)
    of_sectors = {company.id for company in companies.values() if company.sector in community.excluded_sectors}
    return {*one.excluded_companies, *community.excluded_companies} | of_sectors


def _languages(of_person: str | None, community: Participant | None) -> tuple[str, ...]:
    """Where a registration names none: the person's own and those of its community."""
    both: Iterable[str] = (*([of_person] if of_person else []), *(community.languages if community else []))
    return tuple(dict.fromkeys(both))


def _profile(community: Participant, company: Company) -> Profile:
    """The texts of a published community, as a round reads them."""
    return Profile(
        id=community.id,
        company=company.id,
        name=community.name,
        purpose=community.purpose or "",
        description="\n".join(part for part in (community.teaser, community.description) if part),
        tags=(*community.topics, *community.tags),
        offers=tuple(community.offers),
        seeks=tuple(community.seeks),
        target_group=community.target_group or "",
        formats=formats_in_words(community.formats_practised, community.formats_wanted),
        languages=tuple(community.languages),
        withheld=(company.name,),
    )


def _kept(session: Session, seating: Seating) -> list[list[list[str]]]:
    if not seating.based_on:
        return []
    by_rotation: dict[int, list[list[str]]] = {}
    for group in queries.groups(session, seating.based_on):
        if group.rotation <= seating.kept:
            by_rotation.setdefault(group.rotation, []).append(group.members)
    return [by_rotation[number] for number in sorted(by_rotation)]
