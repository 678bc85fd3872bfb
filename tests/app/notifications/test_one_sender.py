"""Of several processes one sends; one that has lost its turn stores nothing, and nothing is lost by it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.core.database import Database
from app.notifications import calling, leasing, queries
from app.notifications.leasing import SenderReplaced
from app.notifications.models import MessageStatus
from app.notifications.queries import Settled
from app.notifications.sending import Sender
from app.notifications.tries import DELIVERED, PAUSES, Try, Verdict
from tests.receivers import TEMPLATES, Receiver, mail, messages, receiving, tell
from tests.world import World


def test_a_turn_is_one_processes_until_it_ends_or_is_not_heard_of(any_world: World) -> None:
    database = any_world.database
    moment = datetime.now(UTC)
    with time_machine.travel(moment, tick=False):
        first = leasing.take(database, 30)
        assert first is not None
        assert leasing.take(database, 30) is None
    with time_machine.travel(moment + timedelta(seconds=20), tick=False):
        first.renew()
    with time_machine.travel(moment + timedelta(seconds=40), tick=False):
        assert leasing.take(database, 30) is None
    with time_machine.travel(moment + timedelta(seconds=51), tick=False):
        second = leasing.take(database, 30)
        assert second is not None
        with pytest.raises(SenderReplaced):
            first.renew()
        second.end()
        assert leasing.take(database, 30) is not None


def test_mails_and_webhooks_go_out_once_on_either_database(any_world: World) -> None:
    settings = any_world.settings.model_copy(update={"webhook_private_targets": True})
    sender = Sender(any_world.database, settings, TEMPLATES)
    company_id = any_world.company()
    people = [any_world.person(company_id, f"Reader{number}") for number in range(3)]
    any_world.client.app.state.settings.webhook_private_targets = True  # type: ignore[attr-defined]  # ours
    with receiving(Receiver()) as receiver, receiving(Receiver(answer=lambda _: (500, {}, b""))) as failing:
        for one in (receiver, failing):
            made = any_world.portal(company_id).post("/v1/webhooks", json={"url": one.url})
            assert made.status_code == 201, made.text
        tell(any_world.database, company_id, *(f"event-{number}" for number in range(100)))
        mail(any_world.database, *people)

        with time_machine.travel(datetime.now(UTC), tick=False):
            assert sender.send_due() == 203
            assert sender.send_due() == 0

    assert len(set(receiver.ids)) == len(receiver.received) == 100
    assert len(any_world.mails()) == 3
    found = [(one.status, one.problem) for one in messages(any_world.database)]
    assert found.count((MessageStatus.SENT, None)) == 103
    assert found.count((MessageStatus.WAITING, "answered 500")) == 100


def test_what_is_put_off_together_keeps_to_the_pauses_of_each(any_world: World) -> None:
    database = any_world.database
    company_id = any_world.company()
    made = any_world.portal(company_id).post("/v1/webhooks", json={"url": "https://hooks.nordwerk.example"}).json()
    moment = datetime.now(UTC) + timedelta(seconds=5)
    tell(database, company_id, "first", "second", "last")
    ids = [one.id for one in messages(database)]
    with database.session() as session:
        waiting = [
            Settled(one, MessageStatus.WAITING, tries, moment, None, None)
            for one, tries in zip(ids, (0, 1, len(PAUSES)), strict=True)
        ]
        queries.settle(session, waiting)

    with database.session() as session:
        queries.put_off(session, made["id"], moment, "no connection")

    assert [(one.status, one.attempts, one.problem) for one in messages(database)] == [
        (MessageStatus.WAITING, 1, "no connection"),
        (MessageStatus.WAITING, 2, "no connection"),
        (MessageStatus.PARKED, len(PAUSES) + 1, "no connection"),
    ]
    assert [one.due_at - moment for one in messages(database)][:2] == list(PAUSES[:2])


def test_one_that_is_replaced_while_it_sends_stores_nothing_and_the_other_sends_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = world.database
    company_id = world.company()
    world.portal(company_id).post("/v1/webhooks", json={"url": "https://hooks.nordwerk.example"})
    tell(database, company_id, "opened")
    [message] = messages(database)
    sent: list[str] = []

    async def call(client: object, url: str, body: str, headers: dict[str, str], rules: object) -> Try:
        sent.append(headers["webhook-id"])
        if len(sent) == 1:
            with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
                assert leasing.take(database, 1) is not None
        return DELIVERED

    monkeypatch.setattr(calling, "call", call)

    assert world.worker.sender.send_due() == 0  # type: ignore[attr-defined]  # it is the real worker
    assert messages(database)[0].status is MessageStatus.WAITING
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=False):
        assert world.worker.sender.send_due() == 1  # type: ignore[attr-defined]  # a Worker

    assert sent == [message.id, message.id]
    assert messages(database)[0].status is MessageStatus.SENT


def test_what_was_taken_back_while_it_was_tried_stays_so_unless_it_was_sent(world: World) -> None:
    company_id = world.company()
    world.portal(company_id).post("/v1/webhooks", json={"url": "https://hooks.nordwerk.example"})
    tell(world.database, company_id, "failed", "sent")
    failed, sent = (one.id for one in messages(world.database))
    moment = datetime.now(UTC)
    with world.database.session() as session:
        for one in messages(world.database):
            one.status = MessageStatus.RETRACTED
            session.add(one)

    with world.database.session() as session:
        queries.settle(
            session,
            [
                Settled(failed, MessageStatus.WAITING, 1, moment, None, Verdict.FAILED),
                Settled(sent, MessageStatus.SENT, 1, moment, moment, None),
            ],
        )

    assert [one.status for one in messages(world.database)] == [MessageStatus.RETRACTED, MessageStatus.SENT]
