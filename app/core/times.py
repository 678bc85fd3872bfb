"""When a meeting is meant: a local time and where, or a moment in UTC; said clearly where the clocks are changed."""

from datetime import UTC, datetime, timedelta

from app.core.clock import now
from app.core.dates import at_local, comes_twice, local, next_shown
from app.core.errors import Unprocessable
from app.core.i18n import Language, mark, translate

FARTHEST = timedelta(days=366)

_FIRST_OF_TWO = mark("This time comes twice that night, when the clocks are set back. The first of the two is meant.")
_SECOND_OF_TWO = mark(
    "This time comes twice that night, when the clocks are set back. The second of the two is meant."
)


class TimeSkipped(Unprocessable):
    slug = "time-skipped"
    title = mark("That time does not exist")
    detail = mark(
        "In {time_zone} the clocks skip {wanted} that day. The next time that they show is {next}: send that."
    )


class TimeInThePast(Unprocessable):
    slug = "time-in-the-past"
    title = mark("That time is over already")
    detail = mark("`starts_at` is not in the future: it means {moment} in UTC. Choose a later time.")


class TimeTooFar(Unprocessable):
    slug = "time-too-far"
    title = mark("That is too far away")
    detail = mark("Meetings are planned for the next twelve months. Choose an earlier time.")


def meant(starts_at: datetime, time_zone: str) -> datetime:
    """The moment of a time with an offset, or of one that the clocks of a zone show; to come, and not too far.

    Raises TimeSkipped, TimeInThePast, TimeTooFar.
    """
    moment = starts_at.astimezone(UTC) if starts_at.tzinfo is not None else at_local(starts_at, time_zone)
    if moment is None:
        raise TimeSkipped(
            time_zone=time_zone, wanted=_shown(starts_at), next=_shown(next_shown(starts_at, time_zone))
        )
    if moment <= now():
        raise TimeInThePast(moment=f"{moment:%Y-%m-%dT%H:%MZ}")
    if moment > now() + FARTHEST:
        raise TimeTooFar
    return moment


def remark(moment: datetime, time_zone: str, language: Language) -> str | None:
    """Which of two is meant, where the clocks show this time twice."""
    if not comes_twice(moment, time_zone):
        return None
    return translate(_SECOND_OF_TWO if local(moment, time_zone).fold else _FIRST_OF_TWO, language)


def _shown(wall: datetime) -> str:
    return f"{wall:%Y-%m-%dT%H:%M}"
