"""What the API returns about what is kept for how long."""

from pydantic import ConfigDict, Field

from app.core.schemas import Output


class RetentionRuleOut(Output):
    name: str
    days: int = Field(description="After so many days it goes.")
    setting: str = Field(description="The environment variable that says so.")
    text: str = Field(description="What it is about, in the language of Accept-Language.")
    count: int = Field(description="How many would go now, counted up to 1,000.")
    more: bool = Field(description="Whether more than `count` would go.")
    examples: list[str] = Field(description="Ids of the first of them.")


class RetentionOut(Output):
    """What would go now; it goes by itself once a day."""

    rules: list[RetentionRuleOut]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rules": [
                    {
                        "name": "imports",
                        "days": 180,
                        "setting": "TANDEM_KEEP_IMPORTS_DAYS",
                        "text": "Imports that ended so long ago.",
                        "count": 1,
                        "more": False,
                        "examples": ["imp_06em2n0u4hsm7bg6m3r8t2f5ac"],
                    }
                ]
            }
        }
    )
