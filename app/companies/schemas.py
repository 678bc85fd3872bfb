"""What the API accepts and returns about a company."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.companies.models import CompanyStatus
from app.core.schemas import Input, Line, Output, TimeZone, UtcTime

Sector = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
MailDomain = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\.[A-Za-z]{2,63}$", to_lower=True)
]


class CompanyCreate(Input):
    name: Line
    sector: Sector = Field(description="One word for the industry, lower case: `automotive`, `health`, `software`.")
    time_zone: TimeZone = Field("Europe/Berlin", description="Of communities that name none of their own.")
    mail_domains: list[MailDomain] = Field(default_factory=list, max_length=20)

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Nordwerk AG",
                "sector": "machinery",
                "time_zone": "Europe/Berlin",
                "mail_domains": ["nordwerk.example"],
            }
        }
    )


class CompanyOut(Output):
    id: str
    name: str
    sector: str
    time_zone: str
    mail_domains: list[str]
    status: CompanyStatus
    created_at: UtcTime
