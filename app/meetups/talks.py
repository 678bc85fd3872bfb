"""Talks of a meetup: proposed by communities, accepted or declined by organizers."""

from sqlmodel import Session

from app.access.service import Caller
from app.meetups.models import Meetup, Talk


def propose_story(
    session: Session,
    caller: Caller,
    meetup: Meetup,
    *,
    story_id: str,
    community_id: str,
    lines: list[str],
    language: str,
    speaker_id: str | None,
) -> Talk:
    """A released story becomes a proposal of one of its two communities; the same story again is the talk that is
    there. `lines` become the abstract. Raises what `propose` raises.
    """
    raise NotImplementedError
