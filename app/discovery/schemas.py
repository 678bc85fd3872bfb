"""What the API returns about communities of other companies."""

from pydantic import ConfigDict, Field

from app.communities.schemas import CARD_EXAMPLE, CardOut
from app.core.schemas import Output, Page


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
