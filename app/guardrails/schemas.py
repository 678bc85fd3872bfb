"""What the API accepts and returns about hints, the guideline, acceptances and objections."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.core.i18n import Language, mark
from app.core.schemas import Clean, Id, Input, Line, Output, UtcTime
from app.core.validation import describe
from app.guardrails.models import GuardrailNote
from app.guardrails.sentences import LONGEST_TEXT
from app.guardrails.terms import Hint
from app.guardrails.topics import TOPICS

# Escaped, all of them fit into the largest body.
MOST_TEXTS, LONGEST_OF_SEVERAL = 15, 4_000
_WHY = (
    "Whoever knows what others charge or pay easily follows them, even without meaning to. Welcome instead: how you "
)
_WHY += "run a community on pricing, which formats work there, and whatever is published."
_NAME = "Prices, price components, discounts, surcharges"


# Kept as it is, unlike other inputs: positions are counted in the text as it was given.
CheckedText = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, strip_whitespace=False)]
CheckedTexts = Annotated[
    list[Annotated[str, StringConstraints(max_length=LONGEST_OF_SEVERAL, strip_whitespace=False)]],
    Field(min_length=1, max_length=MOST_TEXTS),
]
_POINTER = describe(r"^/[a-z_]{1,60}(/[0-9]{1,3})?$", mark("is not a pointer like `/name`; take it from the hint"))
Pointer = Annotated[str, StringConstraints(pattern=_POINTER)]
Version = Annotated[str, StringConstraints(min_length=1, max_length=40), Clean]
TopicNumber = Annotated[int, Field(ge=1, le=len(TOPICS), strict=True)]


class GuardrailCheck(Input):
    """One text or several."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={"example": {"texts": ["Pricing methods in agile teams", "Creating capacity together"]}},
    )

    text: CheckedText | None = Field(None, description="A text; or `texts`.")
    texts: CheckedTexts | None = Field(
        None, description=f"Up to {MOST_TEXTS} texts of at most {LONGEST_OF_SEVERAL:,} characters each."
    )

    @model_validator(mode="after")
    def one_of_the_two(self) -> Self:
        if (self.text is None) == (self.texts is None):
            raise PydanticCustomError("text_or_texts", "send either text or texts")
        return self

    @property
    def all_texts(self) -> list[str]:
        return self.texts if self.texts is not None else [self.text or ""]


_HINT: JsonDict = {"start": 0, "end": 7, "matched": "Pricing", "topic": 1, "name": _NAME, "explanation": _WHY}


class HintOut(Output):
    """A place in a text that comes near a topic which companies never exchange. It blocks nothing."""

    start: int = Field(description="Where it begins, in characters (Unicode code points) of the text as given.")
    end: int = Field(description="Where it ends, exclusive.")
    matched: str = Field(description="What stands there.")
    topic: int = Field(description="Number of the topic, 1 to 12.")
    name: str = Field(description="Of the topic.")
    explanation: str = Field(description="Why there is a hint, and what is fine instead.")

    model_config = ConfigDict(json_schema_extra={"example": _HINT})

    @classmethod
    def of(cls, hint: Hint, language: Language) -> Self:
        topic = TOPICS[hint.topic]
        return cls(
            start=hint.start,
            end=hint.end,
            matched=hint.matched,
            topic=hint.topic,
            name=topic.name(language),
            explanation=topic.explanation(language),
        )


class TextHints(Output):
    hints: list[HintOut] = Field(
        description="In the order of their places, at most 200; empty where nothing comes near a topic."
    )


class GuardrailChecked(Output):
    texts: list[TextHints] = Field(description="One entry for each text, in the order in which they were sent.")

    model_config = ConfigDict(json_schema_extra={"example": {"texts": [{"hints": [_HINT]}, {"hints": []}]}})


class TopicOut(Output):
    topic: int
    name: str
    explanation: str = Field(description="Why there is a hint, and what is fine instead.")


class TopicsOut(Output):
    items: list[TopicOut]

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [{"topic": 1, "name": _NAME, "explanation": _WHY}]}}
    )

    @classmethod
    def of(cls, language: Language) -> Self:
        return cls(
            items=[
                TopicOut(topic=number, name=topic.name(language), explanation=topic.explanation(language))
                for number, topic in TOPICS.items()
            ]
        )


class KeepHint(Input):
    """Keep a text as it is, in spite of the hints on one topic."""

    pointer: Pointer = Field(description="Of the text, as the hint tells it.")
    topic: TopicNumber
    reason: Line = Field(description="Why it is fine here.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"pointer": "/name", "topic": 1, "reason": "We talk about methods only, never about figures."}
        }
    )


_KEPT: JsonDict = {
    "pointer": "/name",
    "topic": 1,
    "reason": "We talk about methods only, never about figures.",
    "recorded_by": "manager",
    "recorded_at": "2026-11-27T09:00:00Z",
}


class KeptHintOut(Output):
    pointer: str
    topic: int
    reason: str
    recorded_by: str = Field(description="The role of the key that recorded it.")
    recorded_at: UtcTime

    model_config = ConfigDict(json_schema_extra={"example": _KEPT})

    @classmethod
    def of(cls, note: GuardrailNote) -> Self:
        return cls.model_validate(note)


class MarkedHintOut(HintOut):
    """A hint on a stored text."""

    pointer: str = Field(description="JSON pointer to the text.")
    kept: KeptHintOut | None = Field(description="Why the text stays as it is; null where nobody has said so.")

    model_config = ConfigDict(json_schema_extra={"example": _HINT | {"pointer": "/name", "kept": _KEPT}})


class TextsWithHints(Output):
    items: list[MarkedHintOut]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_HINT | {"pointer": "/name", "kept": _KEPT}]}})


class GuidelineOut(Output):
    version: str = Field(description="What an acceptance names.")
    title: str
    paragraphs: list[str]
    notice: str = Field(description="The short notice for invitations and calendar entries.")
    card: str = Field(description="The card for the table.")
    valid_months: int = Field(description="How long an acceptance holds.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "2026-11",
                "title": "Guideline for tandems on competition law",
                "paragraphs": ["We meet to learn from each other what makes communities thrive."],
                "notice": "Competition law: we do not talk about prices, costs, terms, customers, ...",
                "card": "Our card on competition law\n1. An agenda beforehand, and we keep to it.",
                "valid_months": 12,
            }
        }
    )


class AcceptanceCreate(Input):
    version: Version = Field(description="As GET /v1/guideline tells it.")
    person_id: Id | None = Field(
        None, description="Who has accepted, for keys of a company; a person's own key leaves it out."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"version": "2026-11"}})


class AcceptanceOut(Output):
    id: str
    person_id: str
    version: str
    accepted_at: UtcTime
    valid_until: UtcTime
    recorded_by: str = Field(description="The role of the key that recorded it.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "gac_06em2n0u4hsm7bg6m3r8t2f5ac",
                "person_id": "per_06em2n0u4hsm7bg6m3r8t2f5ac",
                "version": "2026-11",
                "accepted_at": "2026-11-27T09:00:00Z",
                "valid_until": "2027-11-27T09:00:00Z",
                "recorded_by": "manager",
            }
        }
    )


class ObjectionOut(Output):
    """That somebody objected, and when: neither who nor to what."""

    id: str
    tandem_id: str
    exchange_id: str | None
    objected_at: UtcTime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "obj_06em2n0u4hsm7bg6m3r8t2f5ac",
                "tandem_id": "tnd_06em2n0u4hsm7bg6m3r8t2f5ac",
                "exchange_id": "exc_06em2n0u4hsm7bg6m3r8t2f5ac",
                "objected_at": "2026-11-27T09:00:00Z",
            }
        }
    )
