"""What the API accepts for a suggestion that a community asks for."""

from pydantic import ConfigDict, Field

from app.communities.schemas import CARD_EXAMPLE
from app.core.schemas import Id, Input


class SuggestionCreate(Input):
    handle: Id = Field(description="Of the community to be asked, as a card of discovery shows it to your company.")

    model_config = ConfigDict(json_schema_extra={"example": {"handle": CARD_EXAMPLE["handle"]}})
