"""Registrations as each caller may see them: in full within the company, for organizers without what names a person
elsewhere."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from sqlmodel import Session

from app.access.service import Caller
from app.communities import service as communities
from app.communities.models import Kind
from app.communities.queries import carded
from app.core.i18n import Language
from app.guardrails import terms
from app.guardrails.schemas import HintOut
from app.registrations import queries
from app.registrations.models import Registration, RegistrationStatus
from app.registrations.queries import Around
from app.registrations.schemas import RegistrationOut, WaitingBecause, WishHintOut

_TEXTS = ("themes", "learn", "show")


def registrations_shown(
    session: Session, caller: Caller, registrations: Sequence[Registration], language: Language
) -> list[RegistrationOut]:
    """Registrations that the caller may see."""
    ids = [one.id for one in registrations]
    around = queries.around(session, ids)
    waiting = [one for one in registrations if one.status is RegistrationStatus.WAITING]
    positions = queries.waiting_positions(session, [one.id for one in waiting])
    because = _because(session, waiting, around)
    sees_all = caller.role in queries.SEES_ALL
    seen = _communities_seen(session, caller, registrations) if sees_all else None
    shown = []
    for one in registrations:
        there = around[one.id]
        told = seen is None or one.community_id in seen
        withheld = _WITHHELD if sees_all else _for_its_own(one, there)
        values = vars(one) | {
            "first_name": there.first_name,
            "company": there.company,
            "community_id": one.community_id if told else None,
            "community": there.community if told else None,
            "hints": _hints(one, language),
            "waiting_position": positions.get(one.id),
            "waiting_because": because.get(one.id),
        }
        shown.append(RegistrationOut.model_validate(values | withheld))
    return shown


def tag(session: Session, caller: Caller, registration: Registration) -> str:
    """Another one whenever anything changes of what the caller sees, also by what others do."""
    [shown] = registrations_shown(session, caller, [registration], "en")
    return tag_of(registration, shown)


def tag_of(registration: Registration, shown: RegistrationOut) -> str:
    """As `tag`, of what is shown already. Hints follow from the wishes, and are told in several languages."""
    content = shown.model_dump_json(exclude={"hints"})
    return f"{registration.version}.{blake2b(content.encode(), digest_size=6).hexdigest()}"


_NOWHERE: dict[str, object] = {"online_link": None, "place": None}
_WITHHELD: dict[str, object] = {"person_id": None, "excluded_companies": None, "stays": None} | _NOWHERE


def _for_its_own(registration: Registration, there: Around) -> dict[str, object]:
    """Where the meetup is, for who has a place."""
    has_place = registration.status is RegistrationStatus.REGISTERED
    return {"online_link": there.online_link, "place": there.place} if has_place else _NOWHERE


def _because(
    session: Session, waiting: Sequence[Registration], around: Mapping[str, Around]
) -> dict[str, WaitingBecause]:
    """Why each of these waits."""
    at_limit: set[tuple[str, str]] = set()
    for meetup_id, limit in {(one.meetup_id, around[one.id].limit_per_company) for one in waiting}:
        if limit is not None:
            places = queries.places_by_company(session, meetup_id, {one.company_id for one in waiting})
            at_limit |= {(meetup_id, company_id) for company_id, number in places.items() if number >= limit}
    return {
        one.id: WaitingBecause.COMPANY_LIMIT if (one.meetup_id, one.company_id) in at_limit else WaitingBecause.FULL
        for one in waiting
    }


def _communities_seen(session: Session, caller: Caller, registrations: Sequence[Registration]) -> set[str]:
    """Those that an organizer is told: what a community of circumstance is about would tell something about the
    person."""
    named = {one.community_id for one in registrations if one.community_id is not None}
    if not named:
        return set()
    told = {one.id for one in carded(session, named).values() if one.kind is not Kind.CIRCUMSTANCE}
    return communities.visible_ids(session, caller, sorted(told)) if told else set()


def _hints(registration: Registration, language: Language) -> list[WishHintOut]:
    return [
        WishHintOut(pointer=f"/{field}/{at}", **HintOut.of(hint, language).model_dump())
        for field in _TEXTS
        for at, text in enumerate(getattr(registration, field))
        for hint in terms.hints(text)
    ]
