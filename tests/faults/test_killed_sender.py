"""A worker killed with kill -9 while it sends: every message arrives, at most once more, and by the same id."""

from collections import Counter
from collections.abc import Iterator

import pytest

from app.core.settings import Settings
from app.notifications.models import Message, MessageStatus
from app.notifications.sending import Sender
from tests.end_to_end.service import wait_for
from tests.faults.doomed import Point
from tests.faults.takeover import killed_worker
from tests.receivers import TEMPLATES, Mailbox, Receiver, listening, mail, messages, receiving, tell
from tests.world import World

EVENTS, MAILS = 120, 40


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening(Mailbox()) as mailbox:
        yield mailbox


def ids(found: list[Message], status: MessageStatus) -> set[str]:
    return {one.id for one in found if one.status is status}


def got_by(receiver: Receiver, mailbox: Mailbox) -> Counter[str]:
    """How often each message arrived, by the id that its receiver knows it by."""
    mailed = (str(one["Message-ID"]).strip("<>").partition("@")[0] for one in mailbox.mails)
    return Counter(receiver.ids) + Counter(mailed)


@pytest.mark.parametrize(
    "point",
    [
        Point("settle", "before", 3),
        pytest.param(Point("settle", "in"), marks=pytest.mark.long),
        pytest.param(Point("settle", "after", 5), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_what_a_killed_sender_had_sent_comes_once_more_at_most_and_nothing_is_lost(
    world: World, receiver: Receiver, mailbox: Mailbox, point: Point
) -> None:
    company_id = world.company()
    people = [world.person(company_id, f"Reader{number}") for number in range(MAILS)]
    settings: Settings = world.client.app.state.settings  # type: ignore[attr-defined]  # ours
    settings.webhook_private_targets = True
    made = world.portal(company_id).post("/v1/webhooks", json={"url": receiver.url})
    assert made.status_code == 201, made.text
    tell(world.database, company_id, *(f"event-{number}" for number in range(EVENTS)))
    mail(world.database, *people)

    there = mailbox.settings(settings)
    environment = {
        "TANDEM_WEBHOOK_PRIVATE_TARGETS": "true",
        "TANDEM_SMTP_HOST": mailbox.host,
        "TANDEM_SMTP_PORT": str(mailbox.port),
        "TANDEM_SMTP_TLS": "none",
        "TANDEM_MAIL_FROM": there.mail_from,
    }
    killed_worker(world.database, point, environment)
    marked = ids(messages(world.database), MessageStatus.SENT)
    before = got_by(receiver, mailbox)
    assert len(marked) < EVENTS + MAILS
    assert max(before.values()) == 1
    another = Sender(world.database, there, TEMPLATES)
    wait_for(lambda: another.send_due() > 0, "the turn of the killed one to end", seconds=10)

    found = messages(world.database)
    after = got_by(receiver, mailbox)
    assert ids(found, MessageStatus.SENT) == set(after) == {one.id for one in found}
    twice = {one for one, number in after.items() if number == 2}
    assert max(after.values()) <= 2
    # What was sent and not marked comes twice; what was marked never does.
    assert set(before) - marked <= twice
    assert twice & marked == set()
