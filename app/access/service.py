"""Keys: made, recognised, revoked. Only their hashes are stored, and a key is shown once."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.access.models import COMPANY_ROLES, PERSON_ROLES, ApiKey, KeyStatus, Role
from app.access.schemas import KeyCreate, status_of
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, NotFound, Unauthorized, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.people import service as people
from app.people.models import PersonStatus

_PREFIX_BYTES = 6
_SECRET_BYTES = 24


class KeyMissing(Unauthorized):
    slug = "key-missing"
    title = mark("A key is needed")
    detail = mark(
        "Send your API key in the header `Authorization: Bearer <key>`. Your coordinator or operator makes keys."
    )


class KeyNotAccepted(Unauthorized):
    slug = "key-not-accepted"
    title = mark("The key is not accepted")
    detail = mark("The key is unknown, expired or revoked. Ask your coordinator or operator for a new one.")


class RoleNotEnough(Forbidden):
    slug = "role-not-enough"
    title = mark("This key may not do that")
    detail = mark("Your key has the role {role}; this needs one of: {needed}.")


class KeyReadsOnly(Forbidden):
    slug = "key-reads-only"
    title = mark("This key may only read")
    detail = mark("Your key is read-only. Use a key that may write.")


class KeyNotFound(NotFound):
    slug = "key-not-found"
    title = mark("No such key")
    detail = mark("There is no key {key_id} that you may see. List yours with GET /v1/keys.")


class KeyOutOfReach(Forbidden):
    slug = "key-out-of-reach"
    title = mark("You may not make such a key")
    detail = mark(
        "A coordinator makes portal, manager and participant keys of the own company only. Ask an operator."
    )


class KeyNeedsOwner(Unprocessable):
    slug = "key-needs-owner"
    title = mark("The key needs an owner")
    detail = mark(
        "Coordinator and portal keys need `company_id`, manager and participant keys need `person_id`, operator and "
        "organizer keys need neither."
    )


class OwnerUnknown(Unprocessable):
    slug = "owner-unknown"
    title = mark("The owner of the key does not exist")
    detail = mark("There is no such company or person. Create it first, then make the key.")


class KeyExpiresInThePast(Unprocessable):
    slug = "key-expires-in-the-past"
    title = mark("The key would be expired already")
    detail = mark("`expires_at` is in the past. Choose a later time or leave it out.")


class KeyAlreadyRevoked(Conflict):
    slug = "key-already-revoked"
    title = mark("The key is revoked already")
    detail = mark("Nothing to do: the key {key_id} stopped working when it was revoked.")


class SecretShownBefore(Conflict):
    slug = "secret-shown-before"
    title = mark("The key was made already")
    detail = mark(
        "This request was carried out before, and a secret is shown once only. The key is {key_id}: to see a new "
        "secret, rotate it with POST /v1/keys/{key_id}/rotate."
    )


class KeyNotInUse(Conflict):
    slug = "key-not-in-use"
    title = mark("The key is not in use any more")
    detail = mark("The key {key_id} is {status}: it cannot be rotated. Make a new one with POST /v1/keys.")


class CompanyNotNamed(Unprocessable):
    slug = "company-not-named"
    title = mark("Which company?")
    detail = mark("Your key belongs to no company: name the one that you mean with `company` or `company_id`.")


class OtherCompany(Forbidden):
    slug = "other-company"
    title = mark("Not your company")
    detail = mark("Your key acts for its own company only. Leave the company out, or use that company's key.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a role, bound to a company or a person where the role is."""

    role: Role
    key_id: str
    read_only: bool = False
    company_id: str | None = None
    person_id: str | None = None

    def require(self, *roles: Role) -> None:
        """Raises RoleNotEnough unless the caller has one of these roles."""
        if self.role not in roles:
            raise RoleNotEnough(role=self.role.value, needed=", ".join(roles))


SYSTEM = Caller(Role.OPERATOR, key_id="system")
"""The service itself: the command line of the operator's own machine, and the example data."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A caller whose key was accepted, and when that ends by itself."""

    caller: Caller
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    key: ApiKey
    plain: str

    @property
    def id(self) -> str:
        return self.key.id


def create_key(session: Session, caller: Caller, wish: KeyCreate, pepper: str) -> NewKey:
    """A new key, with the plain text that is never seen again."""
    company_id = _company_of(session, caller, wish)
    if wish.expires_at is not None and wish.expires_at <= now():
        raise KeyExpiresInThePast
    prefix, secret = _new_secret()
    key = ApiKey(
        id=new_id("key"),
        prefix=prefix,
        secret_hash=_hash(secret, pepper),
        role=wish.role,
        read_only=wish.read_only,
        company_id=company_id,
        person_id=wish.person_id,
        label=wish.label,
        created_at=now(),
        expires_at=wish.expires_at,
    )
    session.add(key)
    try:
        session.flush()
    except IntegrityError as error:
        raise OwnerUnknown from error
    return NewKey(key, f"{prefix}.{secret}")


def authenticate(session: Session, bearer: str | None, pepper: str) -> Recognised:
    """Who a bearer token belongs to. Raises KeyMissing or KeyNotAccepted."""
    if not bearer:
        raise KeyMissing
    prefix, _, secret = bearer.partition(".")
    key, expected = _by_prefix(session, prefix) if prefix.isascii() else (None, "")
    # Hash in any case, so that the time tells nothing about which prefixes exist.
    genuine = hmac.compare_digest(_hash(secret, pepper), expected)
    if key is None or not genuine or status_of(key, now()) not in _ACCEPTED:
        raise KeyNotAccepted
    if key.person_id is not None and not people.may_speak(session, key.person_id):
        raise KeyNotAccepted
    until = key.expires_at
    if key.prefix != prefix:
        if key.previous_until is None or key.previous_until <= now():
            raise KeyNotAccepted
        until = min(filter(None, (key.expires_at, key.previous_until)))
    return Recognised(Caller(key.role, key.id, key.read_only, key.company_id, key.person_id), until)


def rotate(session: Session, caller: Caller, key_id: str, overlap: timedelta, pepper: str) -> NewKey:
    """A new secret for a key; the present one goes on working for `overlap`, one from before that stops at once."""
    key = get_key(session, caller, key_id, for_update=True)
    status = status_of(key, now())
    if status not in _ACCEPTED:
        raise KeyNotInUse(key_id=key_id, status=status.value)
    key.previous_prefix, key.previous_hash, key.previous_until = key.prefix, key.secret_hash, now() + overlap
    key.prefix, secret = _new_secret()
    key.secret_hash = _hash(secret, pepper)
    session.add(key)
    session.flush()
    return NewKey(key, f"{key.prefix}.{secret}")


def shown_before(session: Session, caller: Caller, key_id: str) -> NewKey:
    """The answer to a request that made a secret and is repeated: always SecretShownBefore."""
    raise SecretShownBefore(key_id=get_key(session, caller, key_id).id)


def revoke(session: Session, caller: Caller, key_id: str) -> ApiKey:
    """From now on the key is not accepted."""
    key = get_key(session, caller, key_id, for_update=True)
    if key.revoked_at is not None:
        raise KeyAlreadyRevoked(key_id=key_id)
    key.revoked_at = now()
    session.add(key)
    return key


def erase_company(session: Session, company_id: str) -> None:
    """Every key of a company stops; their labels, which somebody has written by hand, go."""
    theirs = col(ApiKey.company_id) == company_id
    session.execute(update(ApiKey).where(theirs).values(label="erased"))
    session.execute(update(ApiKey).where(theirs, col(ApiKey.revoked_at).is_(None)).values(revoked_at=now()))


def revoke_labelled(session: Session, label: str) -> None:
    """Revoke every key with this label, such as those of an earlier demonstration."""
    session.execute(
        update(ApiKey).where(col(ApiKey.label) == label, col(ApiKey.revoked_at).is_(None)).values(revoked_at=now())
    )


def company_for(caller: Caller, named: str | None) -> str:
    """The company that a caller acts for: its own, or for an operator the one it names.

    Raises CompanyNotNamed for an operator who names none, OtherCompany for another one than the own.
    """
    if caller.company_id is None:
        if named is None:
            raise CompanyNotNamed
        return named
    if named not in (None, caller.company_id):
        raise OtherCompany
    return caller.company_id


def get_key(session: Session, caller: Caller, key_id: str, *, for_update: bool = False) -> ApiKey:
    """The key, if the caller may manage it. Raises KeyNotFound."""
    key = session.get(ApiKey, key_id, with_for_update=for_update)
    if key is None or (caller.role is not Role.OPERATOR and key.company_id != caller.company_id):
        raise KeyNotFound(key_id=key_id)
    return key


def page_of_company(session: Session, company_id: str, *, after: str | None, limit: int) -> Sequence[ApiKey]:
    """Keys of a company, by id, one more than `limit`."""
    query = select(ApiKey).where(col(ApiKey.company_id) == company_id).order_by(col(ApiKey.id)).limit(limit + 1)
    if after is not None:
        query = query.where(col(ApiKey.id) > after)
    return session.exec(query).all()


def page(session: Session, caller: Caller, *, after: str | None, limit: int) -> Sequence[ApiKey]:
    """Keys that the caller may see, by id, one more than `limit`."""
    query = select(ApiKey).order_by(col(ApiKey.id)).limit(limit + 1)
    if caller.role is not Role.OPERATOR:
        query = query.where(col(ApiKey.company_id) == caller.company_id)
    if after is not None:
        query = query.where(col(ApiKey.id) > after)
    return session.exec(query).all()


def _company_of(session: Session, caller: Caller, wish: KeyCreate) -> str | None:
    """The company that a wished key belongs to, after checking that the caller may make it."""
    if caller.role is Role.COORDINATOR:
        allowed = wish.role in PERSON_ROLES or wish.role is Role.PORTAL
        if not allowed or wish.company_id not in (None, caller.company_id):
            raise KeyOutOfReach
    company_id = wish.company_id or caller.company_id
    if wish.role in PERSON_ROLES:
        if wish.person_id is None:
            raise KeyNeedsOwner
        owner = people.get(session, wish.person_id, company_id=company_id)
        if owner.status is PersonStatus.WAITING:
            raise people.PersonWaiting(person_id=owner.id)
        if owner.status is not PersonStatus.ACTIVE:
            raise people.PersonNotFound(person_id=owner.id)
        return owner.company_id
    if wish.person_id is not None or (wish.role in COMPANY_ROLES) != (company_id is not None):
        raise KeyNeedsOwner
    return company_id


_ACCEPTED = frozenset({KeyStatus.ACTIVE, KeyStatus.ROTATING})


def _new_secret() -> tuple[str, str]:
    return f"tdm_{secrets.token_hex(_PREFIX_BYTES)}", secrets.token_urlsafe(_SECRET_BYTES)


def _by_prefix(session: Session, prefix: str) -> tuple[ApiKey | None, str]:
    """The key whose present or previous secret starts like this, and the hash to compare with."""
    key = session.exec(
        select(ApiKey).where(or_(col(ApiKey.prefix) == prefix, col(ApiKey.previous_prefix) == prefix))
    ).first()
    if key is None:
        return None, ""
    return key, key.secret_hash if key.prefix == prefix else key.previous_hash or ""


def _hash(secret: str, pepper: str) -> str:
    return hmac.new(pepper.encode(), secret.encode(errors="surrogateescape"), sha256).hexdigest()
