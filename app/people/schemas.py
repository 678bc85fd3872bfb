"""What the API accepts and returns about a person."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.core.schemas import Email, Id, Input, LanguageTag, Line, Output, UtcTime
from app.people.models import PersonStatus

EXAMPLE: JsonDict = {"email": "data.literacy@nordwerk.example", "first_name": "Alex", "language": "de"}


class Contact(Input):
    """Role data only: a role address and a first name are enough."""

    email: Email = Field(description="Best a role address.")
    first_name: Line
    language: LanguageTag | None = None

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})


class PersonCreate(Contact):
    company_id: Id | None = Field(None, description="For operators only; other keys create in their own company.")


class PersonUpdate(Input):
    """Any part of a person; what is left out stays as it is."""

    # Never applied: only fields that were sent are.
    email: Email = ""
    first_name: Line = ""
    language: LanguageTag | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"first_name": "Robin", "language": "en"}})


class PersonOut(Output):
    id: str
    company_id: str
    email: str
    first_name: str
    language: str | None
    status: PersonStatus = Field(
        description="`waiting`: of an unknown mail domain; a coordinator approves. `unconfirmed`: known by a form "
        "only, and listed nowhere."
    )
    created_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {
                "id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "status": "active",
                "created_at": "2026-11-24T09:00:00Z",
            }
        }
    )
