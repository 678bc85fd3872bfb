"""Messages a second through the outbox: signed webhooks and mails, to receivers in processes of their own.

python -m benchmarks.outbox [COUNT]     (default 10000, half of each; SQLite, or TANDEM_DATABASE_URL)

The peers are plain loops that send the same: httpx2 with as many requests at once as the four endpoints get together,
aiosmtplib over one connection, with a mail that is made once, and with each mail made of its letter. No outbox, no
signatures, nothing looked up or stored: upper bounds.
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from multiprocessing.context import ForkProcess
from pathlib import Path

import httpx2
from aiosmtpd.controller import UnthreadedController
from aiosmtplib import SMTP
from sqlmodel import col, func, select

from app.access.service import SYSTEM
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.database import Database
from app.core.i18n import Language
from app.core.settings import Settings
from app.notifications import outbox
from app.notifications import service as webhooks
from app.notifications.composing import Letterhead, composed
from app.notifications.letters import Action, Letter, Reading, Template
from app.notifications.models import Channel, Message, MessageStatus
from app.notifications.outbox import Mail
from app.notifications.schemas import WebhookCreate
from app.notifications.sending import Sender
from app.people import service as people
from app.people.models import Person
from app.people.schemas import Contact
from benchmarks.measuring import Measured, in_own_process, tell
from tests.end_to_end.service import free_port

_ENDPOINTS, _AT_ONCE, _PEOPLE = 4, 16, 100
_LANGUAGE: Language = "de"
_LETTER = Letter(
    "Ein Vorschlag für Ihre Community",
    (
        "Es gibt eine Community in einem anderen Unternehmen, die zu Ihrer passt.",
        "Sie bleibt verdeckt, bis alle ja sagen.",
    ),
    points=("nachhaltige Lieferketten / sustainable supply chains", "Recycling", "Ihr Angebot trifft einen Wunsch"),
    actions=(Action("Ansehen und antworten", "https://c3.example/answers/" + "x" * 120),),
    after=("Ein Nein braucht keinen Grund.",),
)


def _written(reading: Reading) -> Letter:
    # What a letter does at least: look at what is true now.
    reading.session.get(Person, reading.reader.id)
    return _LETTER


_TEMPLATES = {"bench": Template("bench", needs_reader=True, write=_written)}


def measure(count: int) -> None:
    half = count // 2
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("TANDEM_DATABASE_URL", f"sqlite:///{Path(folder) / 'outbox.db'}")
        http_port, smtp_port = free_port(), free_port()
        settings = Settings(
            database_url=url,
            webhook_private_targets=True,
            smtp_host="127.0.0.1",
            smtp_port=smtp_port,
            smtp_tls="none",
            mail_from="C3 Tandem <tandem@c3.example>",
        )
        _seed(settings, half, f"http://127.0.0.1:{http_port}/hooks")
        with _running(_take_requests, http_port), _running(_take_mails, smtp_port):
            of_webhooks = _sent(settings, Channel.WEBHOOK, half)
            plain_requests = in_own_process(lambda: asyncio.run(_requests(http_port, half)))
            of_mails = _sent(settings, Channel.MAIL, half)
            same_mail = in_own_process(lambda: asyncio.run(_mails(settings, half, made_once=True)))
            plain_mails = in_own_process(lambda: asyncio.run(_mails(settings, half, made_once=False)))
    tell(
        benchmark="outbox",
        messages=count,
        database=url.split(":")[0],
        webhooks_per_second=round(half / of_webhooks.seconds),
        plain_requests_per_second=round(half / plain_requests.seconds),
        webhooks_to_plain=round(plain_requests.seconds / of_webhooks.seconds, 2),
        mails_per_second=round(half / of_mails.seconds),
        plain_mails_per_second=round(half / plain_mails.seconds),
        same_mail_per_second=round(half / same_mail.seconds),
        mails_to_plain=round(plain_mails.seconds / of_mails.seconds, 2),
        peak_mib_webhooks=of_webhooks.peak_mib,
        peak_mib_mails=of_mails.peak_mib,
        peak_mib_plain=max(plain_requests.peak_mib, plain_mails.peak_mib),
    )


def _seed(settings: Settings, half: int, target: str) -> None:
    """Half of the messages to four endpoints, half of them to a hundred people; the mails wait until tomorrow."""
    migrations.upgrade(settings.database_url)
    database = Database(settings.database_url)
    pepper = settings.key_pepper.get_secret_value()
    with database.session() as session:
        owners = [
            companies.create(session, SYSTEM, CompanyCreate(name=f"Company {number}", sector="other")).id
            for number in range(_ENDPOINTS)
        ]
        for owner in owners:
            webhooks.create(session, SYSTEM, WebhookCreate(url=target), owner, pepper)
        readers = [
            people.create(session, owners[0], Contact(email=f"r{n}@c3.example", first_name="Kim", language="de")).id
            for n in range(_PEOPLE)
        ]
        for number in range(half):
            outbox.tell_companies(
                session,
                "tandem.started",
                "tnd_x",
                [owners[number % _ENDPOINTS]],
                ids={"tandem_id": f"tnd_06em2n0u4hsm7bg6m3r{number:07}"},
                key=f"event-{number}",
            )
        outbox.queue(session, [Mail("bench", readers[n % _PEOPLE], "tnd_x", {}, f"mail-{n}") for n in range(half)])
    database.dispose()


def _sent(settings: Settings, channel: Channel, count: int) -> Measured[int]:
    """Send the messages of one channel; the others are held back meanwhile."""
    database = Database(settings.database_url)
    with database.session() as session:
        for one in session.exec(select(Message).where(col(Message.status) == MessageStatus.WAITING)):
            one.due_at = datetime(2020 if one.channel is channel else 2199, 1, 1, tzinfo=UTC)
            session.add(one)
    database.dispose()

    def work() -> int:
        own = Database(settings.database_url)
        settled = Sender(own, settings, _TEMPLATES).send_due()
        with own.reader() as session:
            marked = select(func.count()).select_from(Message).where(col(Message.status) == MessageStatus.SENT)
            of_channel = session.exec(marked.where(col(Message.channel) == channel)).one()
        assert settled == of_channel == count, (settled, of_channel)
        return settled

    return in_own_process(work)


async def _requests(port: int, count: int) -> None:
    """The first peer: as many posts."""
    numbers = iter(range(count))
    body = (
        b'{"type":"tandem.started","timestamp":"2026-11-27T09:00:00Z","data":{"tandem_id":"tnd_06em2n0u4hsm7bg6m3r"}}'
    )

    async with httpx2.AsyncClient(trust_env=False) as client:

        async def some() -> None:
            for _ in numbers:
                answer = await client.post(f"http://127.0.0.1:{port}/hooks", content=body)
                assert answer.status_code == 204

        await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def _mails(settings: Settings, count: int, *, made_once: bool) -> None:
    """The second peer: as many mails."""
    reader = Person(
        id="per_x", company_id="cmp_x", email="r@c3.example", first_name="Kim", created_at=datetime.now(UTC)
    )
    head = Letterhead.of(settings.mail_from, settings.public_url, "pepper")

    def made() -> EmailMessage:
        return composed(_LETTER, reader, _LANGUAGE, "msg_x", head, datetime.now(UTC))

    mail = made()
    smtp = SMTP(hostname=settings.smtp_host, port=settings.smtp_port, start_tls=False, local_hostname="bench")
    await smtp.connect()
    for _ in range(count):
        await smtp.send_message(mail if made_once else made())
    await smtp.quit()


def _take_requests(port: int) -> None:
    """A receiver that only reads: a real one would be what is measured."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


def _take_mails(port: int) -> None:
    class Sink:
        async def handle_DATA(  # noqa: N802  named by the server
            self, server: object, session: object, envelope: object
        ) -> str:
            return "250 OK"

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    controller = UnthreadedController(Sink(), hostname="127.0.0.1", port=port, loop=loop)
    controller.begin()  # type: ignore[no-untyped-call]  # aiosmtpd has no types there
    loop.run_forever()


@contextmanager
def _running(serve: Callable[[int], None], port: int) -> Iterator[ForkProcess]:
    process = multiprocessing.get_context("fork").Process(target=serve, args=(port,))
    process.start()
    try:
        _wait_for(port)
        yield process
    finally:
        process.terminate()
        process.join()


def _wait_for(port: int) -> None:
    async def connected() -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert time.monotonic() < deadline, "the receiver does not listen"
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    asyncio.run(connected())


if __name__ == "__main__":
    logs.configure("warning")
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
