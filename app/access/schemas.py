"""What the API accepts and returns about keys and the caller."""

from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field

from app.access.models import ApiKey, KeyStatus, Role
from app.core.schemas import Flag, Id, Input, Line, Moment, Output, UtcTime


class KeyCreate(Input):
    role: Role
    label: Line = Field(description="What the key is for, so that you know which one to revoke.")
    read_only: Flag = False
    company_id: Id | None = Field(
        None, description="Needed for coordinator and portal keys made by an operator; a coordinator's own otherwise."
    )
    person_id: Id | None = Field(None, description="Needed for manager and participant keys.")
    expires_at: Moment | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "role": "portal",
                "label": "Nordwerk intranet",
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
            }
        }
    )


class KeyOut(Output):
    id: str
    prefix: str = Field(description="The readable start of the key, to recognise it by.")
    role: Role
    read_only: bool
    company_id: str | None
    person_id: str | None
    label: str
    status: KeyStatus
    created_at: UtcTime
    expires_at: UtcTime | None
    revoked_at: UtcTime | None

    @classmethod
    def of(cls, key: ApiKey, moment: datetime) -> Self:
        return cls.model_validate(key.model_dump() | {"status": status_of(key, moment)})


class KeyCreated(KeyOut):
    key: str = Field(description="The whole key. Shown only now: store it safely.")


class MeOut(Output):
    """Who the service takes you for."""

    role: Role
    read_only: bool
    company_id: str | None
    person_id: str | None
    key_id: str


def status_of(key: ApiKey, moment: datetime) -> KeyStatus:
    if key.revoked_at is not None:
        return KeyStatus.REVOKED
    if key.expires_at is not None and key.expires_at <= moment:
        return KeyStatus.EXPIRED
    return KeyStatus.ACTIVE
