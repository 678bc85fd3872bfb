"""Messages in tests: how they are queued, and a real HTTP receiver and a real SMTP server that get them."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlmodel import col, select
from standardwebhooks import Webhook

from app.core.database import Database
from app.core.settings import Settings
from app.notifications import outbox
from app.notifications.letters import Letter, Reading, Template
from app.notifications.models import Message
from app.notifications.outbox import Mail
from tests.end_to_end.service import free_port

SUGGESTION = "sug_06em2n0u4hsm7bg6m3r8t2f5ac"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The event, if this secret has signed it."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass
class Receiver:
    """An HTTP server that keeps what it got. `answer` gives status, headers and body; it may take its time."""

    answer: Callable[[Received], tuple[int, Mapping[str, str], bytes]] = lambda _: (204, {}, b"")
    received: list[Received] = field(default_factory=list)
    url: str = ""
    hang_up: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: what hangs can end."""

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    def hanging(self, _: Received) -> tuple[int, Mapping[str, str], bytes]:
        """An answer that does not come."""
        self.hang_up.wait(60)
        return 204, {}, b""


@contextmanager
def receiving(receiver: Receiver, wrap: Callable[[ThreadingHTTPServer], None] = lambda _: None) -> Iterator[Receiver]:
    """A receiver that listens."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Received(headers, body, time.monotonic())
            receiver.received.append(got)
            status, more, content = receiver.answer(got)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *values: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # Who asked has given up.
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever gave up, or does not trust us, is no affair of ours."""

    server = Server(("127.0.0.1", 0), Handler)
    wrap(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    try:
        yield receiver
    finally:
        receiver.hang_up.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """An SMTP server that keeps what it got. `refuse` gives for a recipient what is said instead of OK."""

    refuse: Callable[[str], str | None] = lambda _: None
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)

    @property
    def recipients(self) -> list[str]:
        return [str(one["To"].addresses[0].addr_spec) for one in self.mails]

    def settings(self, given: Settings) -> Settings:
        """The same settings, with mails sent here."""
        here = {"smtp_host": self.host, "smtp_port": self.port, "smtp_tls": "none"}
        return given.model_copy(update=here | {"mail_from": "C3 Tandem <tandem@c3.example>"})

    async def handle_EHLO(  # noqa: N802  named by the server
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  named by the server
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.refuse(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  named by the server
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def listening(mailbox: Mailbox) -> Iterator[Mailbox]:
    """A mailbox whose server runs."""
    controller = Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def _plain(reading: Reading) -> Letter | None:
    said = reading.ids.get("said", "said")
    if said == "over":
        return None
    if said == "broken":
        raise KeyError(said)
    return Letter(f"Test {said} ({reading.language})", (f"To {reading.reader.first_name}.",))


PLAIN = Template("test.plain", needs_reader=False, write=_plain)
"""A letter that is there for tests only."""
NEEDED = Template("test.needed", needs_reader=True, write=_plain)
TEMPLATES = {one.name: one for one in (PLAIN, NEEDED)}


def tell(database: Database, company_id: str, *keys: str, kind: str = "suggestion.opened") -> None:
    """Events for the portal of a company."""
    with database.session() as session:
        for key in keys:
            outbox.tell_companies(session, kind, SUGGESTION, [company_id], ids={"suggestion_id": SUGGESTION}, key=key)


def mail(database: Database, *person_ids: str, said: str = "said", template: str = "test.plain") -> None:
    """A mail to each of these people."""
    with database.session() as session:
        outbox.queue(
            session, [Mail(template, one, SUGGESTION, {"said": said}, f"{template}:{said}") for one in person_ids]
        )


def messages(database: Database) -> list[Message]:
    """All messages, oldest first."""
    with database.reader() as session:
        return list(session.exec(select(Message).order_by(col(Message.id))))
