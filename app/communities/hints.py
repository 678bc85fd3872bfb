"""Hints on profiles: where one comes near a topic that companies never exchange. They block nothing."""

from collections.abc import Mapping

from sqlmodel import Session

from app.access.service import Caller
from app.communities import service as communities
from app.communities.models import Community
from app.core.i18n import Language
from app.guardrails import notes
from app.guardrails.models import GuardrailNote
from app.guardrails.schemas import HintOut, KeepHint, KeptHintOut, MarkedHintOut

_LINES = ("name", "teaser", "purpose", "description")
_LISTS = ("offers", "seeks")


def of(session: Session, caller: Caller, community_id: str, language: Language) -> list[MarkedHintOut]:
    """The hints on a profile, for those who see it in full. Raises CommunityNotFound, RoleNotEnough."""
    community = communities.get_in_full(session, caller, community_id)
    return [
        MarkedHintOut(
            **HintOut.of(one.hint, language).model_dump(),
            pointer=one.pointer,
            kept=KeptHintOut.of(one.kept) if one.kept else None,
        )
        for one in notes.marked(session, communities.KIND, community.id, _texts(community))
    ]


def keep(session: Session, caller: Caller, community_id: str, wish: KeepHint) -> GuardrailNote:
    """Keep a text of the profile with a reason, until the text changes. Raises NoSuchHint."""
    community = communities.changeable(session, caller, community_id)
    return notes.keep(
        session,
        caller,
        communities.KIND,
        community.id,
        _texts(community),
        pointer=wish.pointer,
        topic=wish.topic,
        reason=wish.reason,
    )


def _texts(community: Community) -> Mapping[str, str]:
    """What a profile says in words, by JSON pointer."""
    lines = {f"/{field}": getattr(community, field) for field in _LINES}
    lists = {f"/{field}/{at}": text for field in _LISTS for at, text in enumerate(getattr(community, field))}
    return {pointer: text for pointer, text in (lines | lists).items() if text}
