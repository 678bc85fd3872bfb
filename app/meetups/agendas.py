"""What happens at a meetup and for how long: texts of the organizers, and talks that they have accepted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from app.core.errors import Unprocessable
from app.core.i18n import mark
from app.meetups.schemas import MeetupAgendaItem

Stored = dict[str, object]


class AgendaItemUnclear(Unprocessable):
    slug = "agenda-item-unclear"
    title = mark("An item of the agenda is unclear")
    detail = mark("Item {number} of the agenda has either `text` or `talk_id`: send one of them.")


class TalkNotAccepted(Unprocessable):
    slug = "agenda-talk-not-accepted"
    title = mark("That talk is not accepted")
    detail = mark(
        "Item {number} of the agenda names {talk_id}, which is no accepted talk of this meetup. Accept it first with "
        "POST /v1/talks/{talk_id}/accept, or check the id."
    )


@dataclass(frozen=True, slots=True)
class Item:
    """As somebody reads it."""

    text: str
    talk_id: str | None
    minutes: int


def stored(items: Sequence[MeetupAgendaItem], accepted: Collection[str]) -> list[Stored]:
    """What was written. Raises AgendaItemUnclear, TalkNotAccepted for a talk that is not among the accepted ones."""
    for number, item in enumerate(items, 1):
        if (item.text is None) == (item.talk_id is None):
            raise AgendaItemUnclear(number=number)
        if item.talk_id is not None and item.talk_id not in accepted:
            raise TalkNotAccepted(number=number, talk_id=item.talk_id)
    return [item.model_dump(exclude_none=True) for item in items]


def shown(agenda: Sequence[Mapping[str, object]], titles: Mapping[str, str]) -> list[Item]:
    """The items, a talk by its title."""
    return [
        Item(
            text=titles[str(one["talk_id"])] if "talk_id" in one else str(one["text"]),
            talk_id=str(one["talk_id"]) if "talk_id" in one else None,
            minutes=cast("int", one["minutes"]),
        )
        for one in agenda
        if "talk_id" not in one or one["talk_id"] in titles
    ]


def has(agenda: Sequence[Mapping[str, object]], talk_id: str) -> bool:
    return any(one.get("talk_id") == talk_id for one in agenda)


def without(agenda: Sequence[Stored], talk_ids: Collection[str]) -> list[Stored]:
    """The agenda without these talks."""
    return [one for one in agenda if one.get("talk_id") not in talk_ids]
