"""What the API accepts and returns about communities."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.communities.models import (
    Access,
    Collaboration,
    CommunityStatus,
    Format,
    Kind,
    Origin,
    Practice,
    SensitiveTopic,
    SizeBand,
    Stage,
)
from app.companies.schemas import Sector
from app.core.i18n import mark
from app.core.schemas import (
    Clean,
    EmptyIsNull,
    Flag,
    Id,
    Input,
    LanguageTag,
    Line,
    Moment,
    Output,
    Phrase,
    TimeZone,
    UtcTime,
)
from app.core.validation import describe
from app.people.models import PersonStatus
from app.people.schemas import Contact

MAX_AT_ONCE = 1000


def _decoded(external_id: str) -> str:
    # An address that is not UTF-8 reaches us with replacement characters: different ids would become one.
    if "\ufffd" in external_id:
        raise PydanticCustomError("string_unicode", "not valid Unicode")
    return external_id


Purpose = Annotated[str, StringConstraints(min_length=1, max_length=500), Clean]
Paragraphs = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Clean]
Phrases = Annotated[list[Phrase], Field(max_length=30)]
ExternalId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Clean, AfterValidator(_decoded)
]
_SOURCE = describe(
    r"^[a-z0-9][a-z0-9_.-]{0,59}$",
    mark("use small letters, digits, `_`, `.`, `-`, beginning with a letter or digit, like `intranet`"),
)
Source = Annotated[str, StringConstraints(pattern=_SOURCE)]

EXAMPLE: JsonDict = {
    "name": "Data Literacy Circle",
    "teaser": "Numbers that everyone can read",
    "purpose": "We help colleagues without a data background to ask good questions of data and to read charts.",
    "description": "Monthly show-and-tell, a learning path in six steps and a help desk by colleagues.",
    "topics": ["data literacy", "data visualisation"],
    "tags": ["Power BI", "dashboards"],
    "kind": "practice",
    "size_band": "100-499",
    "languages": ["en", "de"],
    "time_zone": "Europe/Berlin",
}
EXAMPLE_OF_MANAGER: JsonDict = {
    "offers": ["learning path for chart reading"],
    "seeks": ["how to keep multipliers motivated"],
    "formats_practised": ["peer_learning"],
    "rhythm_weeks": 6,
    "capacity": 1,
}


AsksPerQuarter = Annotated[int, Field(ge=0, le=20, strict=True)] | None
_ASKS = (
    "How many suggestions of others and of rounds you want at most in a quarter of the calendar; null: no limit. "
    "What you ask for yourself does not count."
)
_NOT_BEFORE = "From this day on you want to be suggested somebody again; null: at any time."


class ManagerContact(Contact):
    deputy: Flag = False


class PortalFields(Input):
    """What an intranet knows about a community. A whole document: what is left out is empty afterwards."""

    name: Line
    teaser: Annotated[Line | None, EmptyIsNull] = None
    purpose: Annotated[Purpose | None, EmptyIsNull] = Field(
        None, description="One or two sentences, at most 500 characters."
    )
    description: Annotated[Paragraphs | None, EmptyIsNull] = None
    topics: list[Phrase] = Field(default_factory=list, max_length=5, description="Up to five themes.")
    tags: Phrases = Field(default_factory=list)
    target_group: Annotated[Line | None, EmptyIsNull] = None
    kind: Kind | None = None
    practice: Practice | None = None
    origin: Origin | None = None
    access: Access | None = None
    size_band: SizeBand | None = Field(None, description="A band, never a count.")
    founded_year: Annotated[int, Field(ge=1900, le=2100, strict=True)] | None = None
    languages: list[LanguageTag] = Field(default_factory=list, max_length=10, description="BCP 47: `de`, `en`, `fr`.")
    time_zone: Annotated[TimeZone | None, EmptyIsNull] = Field(
        None, description="IANA name; the company's when left out."
    )
    platform: Annotated[Line | None, EmptyIsNull] = None
    collaboration: Collaboration | None = None


class ManagerFields(Input):
    """What only a manager can say. A portal may fill it in first; once a manager has entered it, it is theirs."""

    stage: Stage | None = None
    offers: Phrases = Field(default_factory=list, description="What we can show.")
    seeks: Phrases = Field(default_factory=list, description="What we want to learn.")
    formats_practised: list[Format] = Field(default_factory=list, max_length=20)
    formats_wanted: list[Format] = Field(default_factory=list, max_length=20)
    rhythm_weeks: Literal[4, 6, 8] | None = None
    meeting_minutes: Literal[45, 60] | None = None
    capacity: Annotated[int, Field(ge=0, le=3, strict=True, description="Tandems wanted at the same time.")] = 1
    horizon_months: Literal[3, 6, 12] | None = None
    wished_companies: list[Id] = Field(default_factory=list, max_length=100)
    excluded_companies: list[Id] = Field(default_factory=list, max_length=100)
    wished_sectors: list[Sector] = Field(default_factory=list, max_length=30)
    excluded_sectors: list[Sector] = Field(default_factory=list, max_length=30)
    touches: list[SensitiveTopic] | None = Field(
        None,
        max_length=6,
        description="Sensitive work that the community touches; `[]` for none, null for not asked.",
    )
    listed_openly: Flag = False
    asks_per_quarter: AsksPerQuarter = Field(None, description=_ASKS)
    ask_not_before: date | None = Field(None, description=_NOT_BEFORE)


MANAGER_FIELDS = set(ManagerFields.model_fields)
PORTAL_FIELDS = set(PortalFields.model_fields)
PROFILE_FIELDS = PORTAL_FIELDS | MANAGER_FIELDS


class CommunityDocument(PortalFields, ManagerFields):
    """A community as a portal stores it. Fields of the manager are optional and never overwrite a manager's."""

    managers: list[ManagerContact] | None = Field(
        None, max_length=20, description="Who speaks for it; left out: unchanged."
    )

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})


class CommunityRow(CommunityDocument):
    """A row of an import."""

    external_id: ExternalId


class CommunityCreate(CommunityDocument):
    company_id: Id | None = Field(None, description="For operators only.")

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | EXAMPLE_OF_MANAGER})


class CommunityUpdate(CommunityDocument):
    """Any part of a profile; what is left out stays as it is."""

    # Required in a whole document, not in a part; the default is never applied.
    name: Line = ""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_OF_MANAGER})


class Consent(Input):
    """Who of the community agreed to be published, and when."""

    consent_by: Line = Field(description="A role, not a name: `community manager`.")
    consent_at: Moment | None = Field(None, description="Now when left out.")

    model_config = ConfigDict(json_schema_extra={"example": {"consent_by": "community manager"}})


class PublishMany(Consent):
    """Communities to publish, by id or by the external ids of one source."""

    community_ids: list[Id] = Field(default_factory=list, max_length=MAX_AT_ONCE)
    source: Source | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=MAX_AT_ONCE)
    company_id: Id | None = Field(None, description="For operators only, with `external_ids`.")
    circumstance: Flag = Field(
        False,
        description="Communities of the kind `circumstance` (health, parents, ...) can tell something about their "
        "manager. They are published with many others only when you say so here.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "intranet",
                "external_ids": ["data-literacy", "running-group"],
                "consent_by": "community manager",
            }
        }
    )


class MergeInto(Input):
    into: Id = Field(description="The community that stays.")

    model_config = ConfigDict(json_schema_extra={"example": {"into": "cmt_06em2n0u4hsm7bg6m3r8t2f5ad"}})


class ConsentOut(Output):
    """Who of a community agreed to be published, and who recorded it."""

    consent_by: str
    consent_at: UtcTime
    recorded_by: str = Field(description="The role of the key that recorded it.")
    recorded_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "consent_by": "community manager",
                "consent_at": "2026-11-24T09:00:00Z",
                "recorded_by": "portal",
                "recorded_at": "2026-11-24T09:05:00Z",
            }
        }
    )


class PublishRow(Output):
    community_id: str | None
    external_id: str | None
    published: bool
    problem: str | None = Field(description="Why it was not published and what to do.")


class PublishReport(Output):
    published: int
    refused: int
    rows: list[PublishRow]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "published": 1,
                "refused": 1,
                "rows": [
                    {
                        "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "external_id": "data-literacy",
                        "published": True,
                        "problem": None,
                    },
                    {
                        "community_id": None,
                        "external_id": "running-group",
                        "published": False,
                        "problem": "There is no community intranet/running-group that you may see. List yours with "
                        "GET /v1/communities.",
                    },
                ],
            }
        }
    )


class Pause(Input):
    until: date | None = Field(None, description="When it takes part again; left out: until it is resumed.")

    model_config = ConfigDict(json_schema_extra={"example": {"until": "2027-01-31"}})


class ManagerOut(Output):
    person_id: str
    first_name: str
    email: str
    deputy: bool
    status: PersonStatus = Field(description="`waiting`: of an unknown mail domain; a coordinator approves.")


class AliasOut(Output):
    """An identifier taken over from a community that was merged into this one."""

    source: str
    external_id: str


_COMMUNITY: JsonDict = (
    EXAMPLE
    | EXAMPLE_OF_MANAGER
    | {
        "practice": "best_practice",
        "target_group": "everybody who works with figures",
        "origin": "grassroots",
        "access": "open",
        "founded_year": 2021,
        "platform": "Viva Engage",
        "collaboration": "hybrid",
        "id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
        "company_id": "cmp_06em2n0u4hsm7bg6m3r8t2f5ac",
        "source": "intranet",
        "external_id": "data-literacy",
        "status": "published",
        "version": 3,
        "stage": "live",
        "formats_wanted": [],
        "meeting_minutes": 60,
        "horizon_months": 6,
        "wished_companies": [],
        "excluded_companies": [],
        "wished_sectors": [],
        "excluded_sectors": [],
        "touches": [],
        "listed_openly": False,
        "asks_per_quarter": 2,
        "ask_not_before": None,
        "entered_by_manager": ["offers", "seeks"],
        "consent_by": "community manager",
        "consent_at": "2026-11-24T09:00:00Z",
        "paused_until": None,
        "paused_by": None,
        "confirm_again_by": "2027-05-25",
        "also_known_as": [],
        "merged_into": None,
        "managers": [
            {
                "person_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "first_name": "Alex",
                "email": "data.literacy@nordwerk.example",
                "deputy": False,
                "status": "active",
            }
        ],
        "created_at": "2026-11-20T08:00:00Z",
        "updated_at": "2026-11-24T09:00:00Z",
    }
)


class CommunityOut(Output):
    id: str
    company_id: str
    source: str | None
    external_id: str | None
    status: CommunityStatus
    version: int
    name: str
    teaser: str | None
    purpose: str | None
    description: str | None
    topics: list[str]
    tags: list[str]
    target_group: str | None
    kind: Kind | None
    practice: Practice | None
    origin: Origin | None
    access: Access | None
    size_band: SizeBand | None
    founded_year: int | None
    languages: list[str]
    time_zone: str | None
    platform: str | None
    collaboration: Collaboration | None
    stage: Stage | None
    offers: list[str]
    seeks: list[str]
    formats_practised: list[Format]
    formats_wanted: list[Format]
    rhythm_weeks: int | None
    meeting_minutes: int | None
    capacity: int
    horizon_months: int | None
    wished_companies: list[str] | None = Field(description="Null where the caller may not see it.")
    excluded_companies: list[str] | None = Field(description="Null where the caller may not see it.")
    wished_sectors: list[str] | None = Field(description="Null where the caller may not see it.")
    excluded_sectors: list[str] | None = Field(description="Null where the caller may not see it.")
    touches: list[SensitiveTopic] | None
    listed_openly: bool
    asks_per_quarter: int | None = Field(description=f"{_ASKS} Null also where the caller may not see it.")
    ask_not_before: date | None = Field(description=f"{_NOT_BEFORE} Null also where the caller may not see it.")
    entered_by_manager: list[str] | None = Field(description="Null where the caller may not see it.")
    consent_by: str | None
    consent_at: UtcTime | None
    paused_until: date | None
    paused_by: str | None = Field(description="The role that paused it: what a manager paused, no portal resumes.")
    confirm_again_by: date | None = Field(description="Hidden after this day until somebody confirms the profile.")
    also_known_as: list[AliasOut] | None = Field(description="Null where the caller may not see it.")
    merged_into: str | None = Field(description="The community that took this one in.")
    managers: list[ManagerOut] | None = Field(description="Contacts; null where the caller may not see them.")
    created_at: UtcTime
    updated_at: UtcTime

    model_config = ConfigDict(json_schema_extra={"example": _COMMUNITY})


class PreferencesUpdate(Input):
    """What is left out stays as it is."""

    asks_per_quarter: AsksPerQuarter = Field(None, description=_ASKS)
    ask_not_before: date | None = Field(None, description=_NOT_BEFORE)
    wished_sectors: list[Sector] = Field(default_factory=list, max_length=30)
    excluded_sectors: list[Sector] = Field(default_factory=list, max_length=30)

    model_config = ConfigDict(json_schema_extra={"example": {"asks_per_quarter": 1, "ask_not_before": None}})


class LearnedOut(Output):
    """What declines have led to; change its field, and it is forgotten."""

    field: str = Field(description="The preference that it stands in: `ask_not_before`, `excluded_sectors`.")
    value: str = Field(description="The day, or the sector of the list.")
    because: str = Field(description="The cause that was given with a decline.")
    text: str = Field(description="The same in words, in the language of Accept-Language.")
    learned_at: UtcTime


class PreferencesOut(Output):
    """What a community wants to be asked, and which of it comes from its own declines."""

    community_id: str
    asks_per_quarter: int | None = Field(description=_ASKS)
    ask_not_before: date | None = Field(description=_NOT_BEFORE)
    wished_sectors: list[str]
    excluded_sectors: list[str]
    learned: list[LearnedOut]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "asks_per_quarter": 2,
                "ask_not_before": "2027-03-01",
                "wished_sectors": [],
                "excluded_sectors": ["automotive"],
                "learned": [
                    {
                        "field": "ask_not_before",
                        "value": "2027-03-01",
                        "because": "no_time",
                        "text": "Twice within a year there was no time for a tandem.",
                        "learned_at": "2026-12-01T09:00:00Z",
                    }
                ],
            }
        }
    )


CARD_EXAMPLE: JsonDict = {
    "handle": "hdl_9m2b1vq0c7j4l8e6s5n3k2t1r0p9o8u7i6h5g4f3d2a1b0c9e8f7",
    "themes": ["supply chain", "circular economy"],
    "languages": ["de", "en"],
    "size_band": "100-499",
    "sector": "automotive",
    "stage": "live",
    "formats_practised": ["peer_learning"],
    "formats_wanted": ["case_clinic"],
    "kind": "practice",
    "name": None,
    "company": None,
    "purpose": None,
}


class CardOut(Output):
    """What others see of a community before all have said yes."""

    handle: str = Field(
        description="Names the community for your company only: one handle in discovery, another one in each "
        "suggestion. Stays the same there."
    )
    themes: list[str] = Field(description="Topics and tags, without those that would tell who it is.")
    languages: list[str]
    size_band: SizeBand | None
    sector: str = Field(description="Of its company.")
    stage: Stage | None
    formats_practised: list[Format]
    formats_wanted: list[Format]
    kind: Kind | None = Field(description="Null where it is not stated, or would say something about a person.")
    name: str | None = Field(description="Null unless the community is listed openly.")
    company: str | None = Field(description="Null unless the community is listed openly.")
    purpose: str | None = Field(description="Null unless the community is listed openly.")

    model_config = ConfigDict(json_schema_extra={"example": CARD_EXAMPLE})
