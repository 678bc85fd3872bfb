"""What the API accepts and returns about a company."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.companies.models import Approves, CompanyStatus, Proximity
from app.core.i18n import mark
from app.core.schemas import Clean, EmptyIsNull, Flag, Input, Line, Output, TimeZone, UtcTime
from app.core.validation import describe
from app.people.models import PersonStatus
from app.people.schemas import Contact

_SECTOR = describe(
    r"^[a-z][a-z0-9_]{1,39}$",
    mark("is not a sector; use one word in small letters, digits and `_`, like `automotive` or `health`"),
)
Sector = Annotated[str, StringConstraints(pattern=_SECTOR)]
MailDomain = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\.[A-Za-z]{2,63}$", to_lower=True)
]


Notice = Annotated[str, StringConstraints(min_length=1, max_length=5000), Clean]

_EXAMPLE: JsonDict = {
    "name": "Nordwerk AG",
    "sector": "machinery",
    "time_zone": "Europe/Berlin",
    "mail_domains": ["nordwerk.example"],
}
_NOTICES: JsonDict = {
    "imprint": "Nordwerk AG, Hafenstrasse 1, 28195 Bremen",
    "privacy_notice": "https://nordwerk.example/privacy",
}


_APPROVES = (
    "Of which tandems your coordinators are asked, where you have decided nothing about the other company: "
    "`same_sector`, or `always`."
)
_WITHIN = (
    "For how long they are waited for, in days. When both companies ask theirs, the shorter of the two times holds."
)


class CompanyCreate(Input):
    name: Line
    sector: Sector = Field(description="One word for the industry, lower case: `automotive`, `health`, `software`.")
    time_zone: TimeZone = Field("Europe/Berlin", description="Of communities that name none of their own.")
    mail_domains: list[MailDomain] = Field(default_factory=list, max_length=20)
    imprint: Annotated[Notice | None, EmptyIsNull] = Field(None, description="Who is responsible, or its address.")
    privacy_notice: Annotated[Notice | None, EmptyIsNull] = Field(None, description="The text, or its address.")
    approves: Approves = Field(Approves.SAME_SECTOR, description=_APPROVES)
    approve_within_days: Annotated[int, Field(ge=1, le=60, strict=True)] = Field(14, description=_WITHIN)

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})


class CompanyUpdate(CompanyCreate):
    """Any part of a company; what is left out stays as it is."""

    # Required in a whole company, not in a part; the defaults are never applied.
    name: Line = ""
    sector: Sector = ""

    model_config = ConfigDict(json_schema_extra={"example": _NOTICES})


class CompanyOut(Output):
    id: str
    name: str
    sector: str
    time_zone: str
    mail_domains: list[str] = Field(description="Verified: an operator has vouched for them.")
    mail_domains_waiting: list[str] = Field(description="Named by the coordinator, to be verified by the operator.")
    imprint: str | None
    privacy_notice: str | None
    status: CompanyStatus
    missing: list[str] = Field(description="What is still to be filled in before it can take part.")
    erase_on: date | None = Field(description="Of a company that is leaving: the day on which its data is erased.")
    approves: Approves = Field(description=_APPROVES)
    approve_within_days: int = Field(description=_WITHIN)
    created_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": _EXAMPLE
            | _NOTICES
            | {
                "id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "mail_domains_waiting": [],
                "status": "active",
                "missing": [],
                "erase_on": None,
                "approves": "same_sector",
                "approve_within_days": 14,
                "created_at": "2026-11-24T09:00:00Z",
            }
        }
    )


class ProximityUpdate(Input):
    proximity: Proximity = Field(
        description="`free`: no more care than usual. `approval`: a coordinator approves each tandem. `excluded`: "
        "the communities of the two never meet."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"proximity": "approval"}})


class ProximityOut(Output):
    """How close two companies are; the stricter of what the two have decided holds."""

    company_id: str = Field(description="The other company.")
    name: str
    sector: str
    proximity: Proximity = Field(description="What holds.")
    decided: Proximity | None = Field(description="What this company has decided; null: the default.")
    default: Proximity = Field(
        description="`approval` in the same sector, and where your company `approves` always; else `free`."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ad",
                "name": "Suedhafen Health",
                "sector": "health",
                "proximity": "free",
                "decided": None,
                "default": "free",
            }
        }
    )


class CoordinatorContact(Contact):
    deputy: Flag = Field(False, description="Asked when half of the time for an approval is over.")


class CoordinatorsUpdate(Input):
    """All of them; who is left out is none any more."""

    coordinators: list[CoordinatorContact] = Field(max_length=20)

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "coordinators": [
                    {"email": "tandems@nordwerk.example", "first_name": "Robin", "language": "de"},
                    {"email": "legal@nordwerk.example", "first_name": "Sascha", "deputy": True},
                ]
            }
        }
    )


class CoordinatorOut(Output):
    person_id: str
    first_name: str
    email: str
    language: str | None
    deputy: bool
    status: PersonStatus = Field(description="`waiting`: of an unknown mail domain, and not mailed until approved.")


class CoordinatorsOut(Output):
    """The people who approve a company's tandems."""

    company_id: str
    coordinators: list[CoordinatorOut] = Field(description="Deputies last.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "coordinators": [
                    {
                        "person_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "first_name": "Robin",
                        "email": "tandems@nordwerk.example",
                        "language": "de",
                        "deputy": False,
                        "status": "active",
                    }
                ],
            }
        }
    )
