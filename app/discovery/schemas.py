"""What the API returns about communities of other companies."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.communities.models import Format, Kind, SizeBand, Stage
from app.core.schemas import Output, Page

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
        description="Names the community for your company only, and for discovery only; stays the same for you."
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


class RelatedOut(Output):
    """A related community of another company."""

    similarity: float = Field(description="Of the two profiles, 0 to 1, cut to two digits.")
    themes_shared: list[str] = Field(
        description="What makes the similarity, in the words of your own community, strongest first. Rare words of "
        "a text that you may not see are left out."
    )
    card: CardOut

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"similarity": 0.41, "themes_shared": ["Lieferketten", "Recycling"], "card": CARD_EXAMPLE}
        }
    )


class CorrectionOut(Output):
    """A word that was searched for in another spelling."""

    from_: str = Field(alias="from", description="As it was written.")
    to: str = Field(description="As it was understood.")

    model_config = ConfigDict(
        populate_by_name=True, json_schema_extra={"example": {"from": "sustainabilty", "to": "sustainability"}}
    )


class SearchPage(Page[CardOut]):
    """Cards that were found, the best first."""

    corrected: list[CorrectionOut] = Field(
        description="Words taken for a slip of the pen, as far as cards show them."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [CARD_EXAMPLE],
                "corrected": [{"from": "sustainabilty", "to": "sustainability"}],
                "next_cursor": None,
            }
        }
    )
