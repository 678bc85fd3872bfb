"""What the API returns about calendar feeds."""

from pydantic import ConfigDict, Field

from app.core.schemas import Output


class CalendarFeedOut(Output):
    """Where a calendar program subscribes to the meetings of a community."""

    community_id: str
    url: str = Field(
        description="Whoever has it sees the dates and the names of both communities, and needs no key: give it to "
        "those only who look after the community."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "community_id": "cmt_06em2n0u4hsm7bg6m3r8t2f5ac",
                "url": "https://tandem.example/calendars/WyJjbXRfMDZlbTJuMHU0aHNtN2JnNm0zcjh0MmY1YWMiLCIwIixudWxsXQ"
                ".c2lnbmVk.ics",
            }
        }
    )
