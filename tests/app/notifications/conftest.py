"""A service whose webhooks may go to this machine, and somebody who gets them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.notifications.sending import Sender
from tests.receivers import TEMPLATES, Mailbox, Receiver, listening, receiving
from tests.world import JsonObject, World


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        lease_seconds=30,
        poll_seconds=0.05,
        log_level="error",
        mail_folder=tmp_path / "mail",
        webhook_private_targets=True,
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening(Mailbox()) as mailbox:
        yield mailbox


@pytest.fixture
def sender(world: World) -> Sender:
    """What sends webhooks, and mails as files."""
    return Sender(world.database, world.settings, TEMPLATES)


@pytest.fixture
def webhook(world: World) -> Callable[[Receiver, str], JsonObject]:
    """Makes the endpoint of a company."""

    def made(receiver: Receiver, company_id: str) -> JsonObject:
        answer = world.portal(company_id).post("/v1/webhooks", json={"url": receiver.url})
        assert answer.status_code == 201, answer.text
        shown: JsonObject = answer.json()
        return shown

    return made
