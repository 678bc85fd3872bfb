"""HTTP for keys, people and the caller."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.access import service as access
from app.access.dependencies import (
    CallerDep,
    CompanyDep,
    KeeperDep,
    KeyedRoute,
    OnceDep,
    RecentKeysDep,
    SettingsDep,
)
from app.access.schemas import KeyCreate, KeyCreated, KeyOut, KeyRotate, MeOut
from app.access.service import NewKey
from app.core.clock import now
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.people import service as people
from app.people.models import Person
from app.people.schemas import PersonCreate, PersonOut, PersonUpdate

router = APIRouter(prefix="/v1", route_class=KeyedRoute, responses=problems(401, 403))

KeyId = Annotated[Id, Path(description="Id of the key.", examples=["key_06em2n0u4hsm7bg6m3r8t2f5ac"])]
PersonId = Annotated[Id, Path(description="Id of the person.", examples=["per_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.get("/me", operation_id="read_me", tags=["access"])
def read_me(caller: CallerDep) -> MeOut:
    """Who the service takes you for, and what your key may do. A good first request."""
    return MeOut.model_validate(caller)


@router.post(
    "/keys", status_code=201, operation_id="create_key", tags=["access"], responses=problems(400, 404, 409, 422)
)
def create_key(
    wish: KeyCreate, session: SessionDep, caller: KeeperDep, settings: SettingsDep, once: OnceDep, response: Response
) -> KeyCreated:
    """Make an API key. It is shown in this answer only; later lists show its prefix.

    Operators make any key; coordinators make portal, manager and participant keys of their own company.
    """
    pepper = settings.key_pepper.get_secret_value()
    made = once.of(
        lambda: access.create_key(session, caller, wish, pepper),
        lambda key_id: access.shown_before(session, caller, key_id),
    )
    return _shown_once(made, response)


@router.get("/keys", operation_id="list_keys", tags=["access"], responses=problems(422))
def list_keys(session: ReaderDep, caller: KeeperDep, request: PageDep) -> Page[KeyOut]:
    """Keys that you may manage, oldest first, by prefix and without their secrets."""
    after = request.key(str)
    keys, cursor = cut(
        access.page(session, caller, after=str(after[0]) if after else None, limit=request.limit),
        request,
        lambda key: (key.id,),
    )
    moment = now()
    return Page(items=[KeyOut.of(key, moment) for key in keys], next_cursor=cursor)


@router.get("/keys/{key_id}", operation_id="read_key", tags=["access"], responses=problems(404))
def read_key(key_id: KeyId, session: ReaderDep, caller: KeeperDep) -> KeyOut:
    """One key: what it may do and whether it is still accepted. Never its secret."""
    return KeyOut.of(access.get_key(session, caller, key_id), now())


@router.post(
    "/keys/{key_id}/rotate", status_code=201, operation_id="rotate_key", tags=["access"], responses=problems(404, 409)
)
def rotate_key(
    key_id: KeyId,
    wish: KeyRotate,
    session: SessionDep,
    caller: KeeperDep,
    settings: SettingsDep,
    once: OnceDep,
    recent: RecentKeysDep,
    response: Response,
) -> KeyCreated:
    """Give a key a new secret, shown in this answer only; the old one works on for the overlap."""
    pepper, overlap = settings.key_pepper.get_secret_value(), timedelta(hours=wish.overlap_hours)
    made = once.of(
        lambda: access.rotate(session, caller, key_id, overlap, pepper),
        lambda known: access.shown_before(session, caller, known),
    )
    recent.forget()
    return _shown_once(made, response)


@router.post("/keys/{key_id}/revoke", operation_id="revoke_key", tags=["access"], responses=problems(404, 409))
def revoke_key(key_id: KeyId, session: SessionDep, caller: KeeperDep, once: OnceDep, recent: RecentKeysDep) -> KeyOut:
    """Stop a key, within a second everywhere. It stays listed as revoked."""
    revoked = once.of(
        lambda: access.revoke(session, caller, key_id), lambda known: access.get_key(session, caller, known)
    )
    recent.forget()
    return KeyOut.of(revoked, now())


@router.post(
    "/people", status_code=201, operation_id="create_person", tags=["people"], responses=problems(400, 409, 422)
)
def create_person(
    person: PersonCreate, session: SessionDep, caller: CompanyDep, once: OnceDep, response: Response
) -> PersonOut:
    """Add a person who speaks for communities: a role address and a first name are enough.

    Where the company has verified mail domains, somebody of another domain waits for the coordinator.
    """
    company_id = access.company_for(caller, person.company_id)
    created = once.of(
        lambda: people.create(session, company_id, person),
        lambda person_id: people.get(session, person_id, company_id=company_id),
    )
    response.headers["Location"] = f"/v1/people/{created.id}"
    return _person(created, response)


@router.get("/people", operation_id="list_people", tags=["people"], responses=problems(422))
def list_people(session: ReaderDep, caller: CompanyDep, request: PageDep) -> Page[PersonOut]:
    """People of your company (operators: of all), oldest first."""
    after = request.key(str)
    found = people.page(
        session, company_id=caller.company_id, after=str(after[0]) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda person: (person.id,))
    return Page(items=[PersonOut.model_validate(person) for person in page], next_cursor=cursor)


@router.get("/people/{person_id}", operation_id="read_person", tags=["people"], responses=problems(404))
def read_person(person_id: PersonId, session: ReaderDep, caller: CompanyDep, response: Response) -> PersonOut:
    """One person of your company, with the address that messages go to."""
    return _person(people.get(session, person_id, company_id=caller.company_id), response)


@router.patch(
    "/people/{person_id}",
    operation_id="update_person",
    tags=["people"],
    responses=problems(400, 404, 409, 412, 422, 428),
)
def update_person(
    person_id: PersonId,
    change: PersonUpdate,
    session: SessionDep,
    caller: CompanyDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> PersonOut:
    """Change a person's first name, address or language. Fields left out stay as they are."""
    changed = people.update(session, person_id, change, company_id=caller.company_id, if_match=if_match)
    return _person(changed, response)


@router.post(
    "/people/{person_id}/approve", operation_id="approve_person", tags=["people"], responses=problems(404, 409)
)
def approve_person(
    person_id: PersonId, session: SessionDep, caller: KeeperDep, once: OnceDep, response: Response
) -> PersonOut:
    """Let somebody whose mail domain is not the company's speak for its communities (coordinators)."""
    approved = once.of(
        lambda: people.approve(session, person_id, company_id=caller.company_id),
        lambda known: people.get(session, known, company_id=caller.company_id),
    )
    return _person(approved, response)


def _shown_once(made: NewKey, response: Response) -> KeyCreated:
    response.headers["Location"] = f"/v1/keys/{made.id}"
    response.headers["Cache-Control"] = "no-store"
    return KeyCreated(**KeyOut.of(made.key, now()).model_dump(), key=made.plain)


def _person(person: Person, response: Response) -> PersonOut:
    response.headers["ETag"] = etag(person.version)
    return PersonOut.model_validate(person)
