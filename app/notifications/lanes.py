"""Where messages go, each a lane of its own: one endpoint, or the mail server."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

import httpx2
from sqlmodel import Session

from app.core.clock import now
from app.core.settings import Settings
from app.notifications import calling, parcels, sealing, targets
from app.notifications.composing import Letterhead
from app.notifications.letters import Templates
from app.notifications.mailing import Post
from app.notifications.models import Message
from app.notifications.parcels import Call, Parcel
from app.notifications.tries import Try

_CALLS_AT_ONCE = 4
# What was put into words is not to wait long before it is sent.
_MAILS_READY = 32
_CALLS_READY = 64


class Lane(Protocol):
    """Whatever goes to one place: `ready` messages are made ready together, and `at_once` sent side by side."""

    @property
    def endpoint_id(self) -> str | None: ...

    @property
    def at_once(self) -> int: ...

    @property
    def ready(self) -> int: ...

    def parcels(self, session: Session, messages: Sequence[Message]) -> list[Parcel]: ...

    async def send(self, parcel: Parcel) -> Try: ...


@dataclass(frozen=True)
class MailLane:
    post: Post
    templates: Templates
    head: Letterhead
    endpoint_id: None = None
    at_once: int = 1
    ready: int = _MAILS_READY

    def parcels(self, session: Session, messages: Sequence[Message]) -> list[Parcel]:
        return parcels.mails(session, messages, self.templates, self.head)

    async def send(self, parcel: Parcel) -> Try:
        assert isinstance(parcel.content, EmailMessage)  # noqa: S101  what this lane makes
        return await self.post.send(parcel.message_id, parcel.content)


@dataclass(frozen=True)
class WebhookLane:
    client: httpx2.AsyncClient
    slots: asyncio.Semaphore
    """Shared by all endpoints."""
    endpoint_id: str
    settings: Settings
    at_once: int = _CALLS_AT_ONCE
    ready: int = _CALLS_READY

    def parcels(self, session: Session, messages: Sequence[Message]) -> list[Parcel]:
        return parcels.calls(session, self.endpoint_id, messages, self.settings.key_pepper.get_secret_value())

    async def send(self, parcel: Parcel) -> Try:
        call = parcel.content
        assert isinstance(call, Call)  # noqa: S101  what this lane makes
        async with self.slots:
            headers = sealing.signed_headers(parcel.message_id, call.body, call.secrets, now())
            return await calling.call(self.client, call.url, call.body, headers, targets.rules_of(self.settings))
