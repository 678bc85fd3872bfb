"""HTTP for keys, people and the caller."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.access import service as access
from app.access.dependencies import CallerDep, CompanyDep, KeeperDep, SettingsDep
from app.access.schemas import KeyCreate, KeyCreated, KeyOut, MeOut
from app.core.clock import now
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.people import service as people
from app.people.schemas import PersonCreate, PersonOut

router = APIRouter(prefix="/v1", responses=problems(401, 403))

KeyId = Annotated[Id, Path(description="Id of the key.", examples=["key_06em2n0u4hsm7bg6m3r8t2f5ac"])]
PersonId = Annotated[Id, Path(description="Id of the person.", examples=["per_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.get("/me", operation_id="read_me", tags=["access"])
def read_me(caller: CallerDep) -> MeOut:
    """Who the service takes you for, and what your key may do. A good first request."""
    return MeOut.model_validate(caller)


@router.post("/keys", status_code=201, operation_id="create_key", tags=["access"], responses=problems(400, 404, 422))
def create_key(wish: KeyCreate, session: SessionDep, caller: KeeperDep, settings: SettingsDep) -> KeyCreated:
    """Make an API key. It is shown in this answer only; later lists show its prefix.

    Operators make any key; coordinators make portal, manager and participant keys of their own company.
    """
    made = access.create_key(session, caller, wish, settings.key_pepper.get_secret_value())
    shown = KeyOut.of(made.key, now()).model_dump()
    return KeyCreated(**shown, key=made.plain)


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


@router.post("/keys/{key_id}/revoke", operation_id="revoke_key", tags=["access"], responses=problems(404, 409))
def revoke_key(key_id: KeyId, session: SessionDep, caller: KeeperDep) -> KeyOut:
    """Stop a key at once. It stays listed as revoked."""
    return KeyOut.of(access.revoke(session, caller, key_id), now())


@router.post(
    "/people", status_code=201, operation_id="create_person", tags=["people"], responses=problems(400, 409, 422)
)
def create_person(person: PersonCreate, session: SessionDep, caller: CompanyDep, response: Response) -> PersonOut:
    """Add a person who speaks for communities: a role address and a first name are enough."""
    company_id = access.company_for(caller, person.company_id)
    created = people.create(session, company_id, person)
    response.headers["Location"] = f"/v1/people/{created.id}"
    return PersonOut.model_validate(created)


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
def read_person(person_id: PersonId, session: ReaderDep, caller: CompanyDep) -> PersonOut:
    """One person of your company, with the address that messages go to."""
    return PersonOut.model_validate(people.get(session, person_id, company_id=caller.company_id))
