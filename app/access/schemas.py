"""What the API accepts and returns about keys and the caller."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.access.models import ApiKey, KeyStatus, Role
from app.core.schemas import Flag, Id, Input, Line, Moment, Output, UtcTime

_KEY: JsonDict = {
    "id": "key_06em2n0u4hsm7bg6m3r8t2f5ac",
    "prefix": "tdm_1f6c2b8e90ad",
    "role": "portal",
    "read_only": False,
    "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
    "person_id": None,
    "label": "Nordwerk intranet",
    "status": "active",
    "created_at": "2026-11-24T09:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "previous_until": None,
}


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


class KeyRotate(Input):
    """How long the old secret goes on working beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=720, strict=True)] = Field(
        24, description="0 stops the old secret at once."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"overlap_hours": 24}})


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
    previous_until: UtcTime | None = Field(description="Until then the secret before the last rotation works too.")

    model_config = ConfigDict(json_schema_extra={"example": _KEY})

    @classmethod
    def of(cls, key: ApiKey, moment: datetime) -> Self:
        return cls.model_validate(key.model_dump() | {"status": status_of(key, moment)})


class KeyCreated(KeyOut):
    key: str = Field(description="The whole key. Shown only now: store it safely.")

    model_config = ConfigDict(
        json_schema_extra={"example": _KEY | {"key": "tdm_1f6c2b8e90ad.kJ7mZbB4x0w2cV5nQ8rT1yU3iO6pA9sD"}}
    )


class MeOut(Output):
    """Who the service takes you for."""

    role: Role
    read_only: bool
    company_id: str | None
    person_id: str | None
    key_id: str

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "role": "portal",
                "read_only": False,
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "person_id": None,
                "key_id": "key_06em2n0u4hsm7bg6m3r8t2f5ac",
            }
        }
    )


def status_of(key: ApiKey, moment: datetime) -> KeyStatus:
    if key.revoked_at is not None:
        return KeyStatus.REVOKED
    if key.expires_at is not None and key.expires_at <= moment:
        return KeyStatus.EXPIRED
    if key.previous_until is not None and key.previous_until > moment:
        return KeyStatus.ROTATING
    return KeyStatus.ACTIVE
