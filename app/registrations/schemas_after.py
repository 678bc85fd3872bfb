"""What the API accepts and returns about a meetup that people were at: what they say of it."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.core.i18n import Language
from app.core.schemas import Clean, EmptyIsNull, Input, Output, UtcTime
from app.guardrails.schemas import HintOut
from app.guardrails.terms import hints
from app.registrations.models import MeetupFeedback, Usefulness

Comment = Annotated[str, StringConstraints(min_length=1, max_length=1000), Clean]


class FeedbackCreate(Input):
    """How a meetup was, in one word, and more where somebody wants to say more."""

    useful: Usefulness
    comment: Annotated[Comment | None, EmptyIsNull] = Field(
        None, description="For the organizers, who read it without a name and only beside those of others."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"useful": "yes", "comment": "The third table was the best one."}}
    )


class FeedbackOut(Output):
    """What was said of a meetup, for whom it belongs to."""

    registration_id: str
    meetup_id: str
    useful: Usefulness
    comment: str | None
    hints: list[HintOut] = Field(
        description="Where the comment comes near a topic that companies never exchange. They block nothing."
    )
    said_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "registration_id": "reg_06em2n0u4hsm7bg6m3r8t2f5ac",
                "meetup_id": "mtp_06em2n0u4hsm7bg6m3r8t2f5ac",
                "useful": "yes",
                "comment": "The third table was the best one.",
                "hints": [],
                "said_at": "2027-03-11T16:05:00Z",
            }
        }
    )

    @classmethod
    def of(cls, said: MeetupFeedback, language: Language) -> "FeedbackOut":
        return cls(
            registration_id=said.registration_id,
            meetup_id=said.meetup_id,
            useful=said.useful,
            comment=said.comment,
            hints=[HintOut.of(one, language) for one in hints(said.comment or "")],
            said_at=said.said_at,
        )
