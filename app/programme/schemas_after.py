"""What the API returns about what came of a meetup."""

from typing import Self

from pydantic import ConfigDict, Field

from app.core.schemas import Output, UtcTime
from app.meetups.models import Meetup
from app.meetups.viewing import ToldTalk
from app.programme.summary import Summary, Tables
from app.registrations.totals import FeedbackTotals

_FEW = "Null for fewer than five (a setting of the service): it could be known who they are."


class TalkToldOut(Output):
    id: str
    title: str
    abstract: str
    language: str
    minutes: int
    company: str
    community: str
    speaker: str | None = Field(description="First name; null where nobody is named.")

    @classmethod
    def of(cls, told: ToldTalk) -> Self:
        return cls.model_validate(told)


class FeedbackTotalsOut(Output):
    """How many found the meetup useful, as it was when it was first told."""

    answers: int
    yes: int
    partly: int
    no: int
    comments: list[str] | None = Field(
        description="For organizers and operators, without names, in alphabetical order; for others null. Without "
        "that of somebody who was erased since, and empty 90 days after the meetup."
    )

    @classmethod
    def of(cls, totals: FeedbackTotals, *, with_comments: bool) -> Self:
        return cls(
            answers=totals.answers,
            yes=totals.yes,
            partly=totals.partly,
            no=totals.no,
            comments=list(totals.comments) if with_comments else None,
        )


class TablesOut(Output):
    rotations: int
    groups: int = Field(description="Over all rotations.")
    people: int | None = Field(description="How many were seated. " + _FEW)

    @classmethod
    def of(cls, tables: Tables) -> Self:
        return cls(rotations=tables.rotations, groups=tables.groups, people=tables.people)


class NextMeetupOut(Output):
    id: str
    title: str
    language: str
    starts_at: UtcTime
    time_zone: str

    @classmethod
    def of(cls, meetup: Meetup) -> Self:
        return cls.model_validate(meetup)


class MeetupSummaryOut(Output):
    """What came of a meetup."""

    meetup_id: str
    title: str
    starts_at: UtcTime
    ends_at: UtcTime
    time_zone: str
    people: int | None = Field(description="How many were there. " + _FEW)
    companies: int | None = Field(description="Of how many companies they were. Null where `people` is.")
    talks: list[TalkToldOut] = Field(description="Those that were accepted.")
    feedback: FeedbackTotalsOut | None = Field(
        description="Null before `feedback_from`, and then while fewer than five people (a setting of the service), "
        "or of fewer than three companies, have said how it was: they can for 60 days."
    )
    feedback_from: UtcTime = Field(
        description="When `feedback` is told at the earliest: three days after the meetup, or when its summary was "
        "sent."
    )
    tables: TablesOut | None = Field(description="Null where nobody was seated.")
    tandems: int | None = Field(
        description="How many tandems began, of people who met there and of rounds among those who came. Null for "
        "one to four (five is a setting of the service); 0 for none."
    )
    next_meetup: NextMeetupOut | None = Field(description="Null while none is announced.")
    told_at: UtcTime | None = Field(description="When the summary was sent to those who were there; null until then.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "title": "Spring meetup",
                "starts_at": "2027-03-11T12:00:00Z",
                "ends_at": "2027-03-11T16:00:00Z",
                "time_zone": "Europe/Berlin",
                "people": 58,
                "companies": 8,
                "talks": [
                    {
                        "id": "tlk_06em2n0u4hsm7bg6m3r8t2f5ac",
                        "title": "A buddy for the first month",
                        "abstract": "How new members find their way, and what we would do differently today.",
                        "language": "en",
                        "minutes": 20,
                        "company": "Nordwerk",
                        "community": "Welcome Circle",
                        "speaker": "Alex",
                    }
                ],
                "feedback": {"answers": 25, "yes": 19, "partly": 5, "no": 1, "comments": None},
                "feedback_from": "2027-03-14T16:00:00Z",
                "tables": {"rotations": 3, "groups": 45, "people": 58},
                "tandems": 6,
                "next_meetup": {
                    "id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ad",
                    "title": "Summer meetup",
                    "language": "en",
                    "starts_at": "2027-06-10T11:00:00Z",
                    "time_zone": "Europe/Berlin",
                },
                "told_at": "2027-03-14T16:00:00Z",
            }
        }
    )

    @classmethod
    def of(cls, told: Summary, *, with_comments: bool) -> Self:
        meetup, said, tables = told.meetup, told.feedback, told.tables
        return cls(
            meetup_id=meetup.id,
            title=meetup.title,
            starts_at=meetup.starts_at,
            ends_at=meetup.ends_at,
            time_zone=meetup.time_zone,
            people=told.people,
            companies=told.companies,
            talks=[TalkToldOut.of(one) for one in told.talks],
            feedback=FeedbackTotalsOut.of(said, with_comments=with_comments) if said else None,
            feedback_from=told.feedback_from,
            tables=TablesOut.of(tables) if tables else None,
            tandems=told.tandems,
            next_meetup=NextMeetupOut.of(told.next_meetup) if told.next_meetup else None,
            told_at=meetup.summary_told_at,
        )
