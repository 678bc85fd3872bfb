"""Mails on their way: to an SMTP server over one connection for many, or as files into a folder."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import structlog
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from sqlalchemy import event
from sqlmodel import Session

from app.core.settings import Settings
from app.notifications.tries import DELIVERED, Try, Verdict

log = structlog.get_logger()

SECONDS = 30.0
"""For each step of talking to the server."""


class Post(Protocol):
    """What takes mails."""

    async def send(self, message_id: str, mail: EmailMessage) -> Try: ...


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Post]:
    """What the settings say that mails go to; a connection is made when the first one is sent."""
    if settings.smtp_host is None:
        yield Folder(settings.mail_folder)
        return
    server = Server(settings)
    try:
        yield server
    finally:
        await server.hang_up()


def forget_files(session: Session, settings: Settings, message_ids: Collection[str]) -> None:
    """Delete what these messages have left in the folder once the transaction is committed; one that has left
    nothing is fine. With a mail server nothing lands there."""
    if settings.smtp_host is not None:
        return

    def delete(committed: Session) -> None:
        for message_id in message_ids:
            try:
                _file(settings.mail_folder, message_id).unlink(missing_ok=True)
            except OSError as error:
                # What it belongs to is gone already: somebody has to look at the folder.
                log.error("mail_file_not_deleted", message_id=message_id, exc_info=error)

    event.listen(session, "after_commit", delete, once=True)


class Folder:
    """Each mail a file, named by its message: sent twice, it is there once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message_id: str, mail: EmailMessage) -> Try:
        try:
            await asyncio.to_thread(self._write, message_id, mail)
        except OSError as error:
            log.error("mail_folder_not_written", exc_info=error)
            return Try(Verdict.FAILED, "the folder cannot be written", nobody_there=True)
        return DELIVERED

    def _write(self, message_id: str, mail: EmailMessage) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        unfinished = self._path / f".{message_id}.part"
        unfinished.write_bytes(mail.as_bytes())
        unfinished.replace(_file(self._path, message_id))


def _file(folder: Path, message_id: str) -> Path:
    return folder / f"{message_id}.eml"


class Server:
    """An SMTP server, connected to when there is something to send, and again after it has hung up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._smtp: SMTP | None = None

    async def send(self, message_id: str, mail: EmailMessage) -> Try:
        try:
            smtp = await self._connected()
        except SMTPResponseException as error:
            return _nobody(f"the mail server refuses us ({error.code})")
        except (SMTPException, OSError) as error:
            # By its name: what it says may hold what we signed in with.
            return _nobody(f"no connection to the mail server ({type(error).__name__})")
        try:
            await smtp.send_message(mail)
        except SMTPTimeoutError:
            # Its answer may come while we talk about the next mail: that one gets a connection of its own.
            smtp.close()
            return Try(Verdict.FAILED, f"no answer of the mail server within {SECONDS:g} seconds")
        except (SMTPException, OSError, ValueError) as error:
            return _judged(error)
        return DELIVERED

    async def hang_up(self) -> None:
        """Take leave of the server, if it is still there."""
        if self._smtp is None:
            return
        with suppress(SMTPException, OSError):
            await self._smtp.quit()
        self._smtp.close()
        self._smtp = None

    async def _connected(self) -> SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        said = self._settings
        password = said.smtp_password
        self._smtp = SMTP(
            hostname=said.smtp_host,
            port=said.smtp_port,
            username=said.smtp_user,
            password=password.get_secret_value() if password else None,
            use_tls=said.smtp_tls == "tls",
            start_tls=said.smtp_tls == "starttls",
            # How we introduce ourselves. The library would ask the network for our name.
            local_hostname="c3-tandem",
            timeout=SECONDS,
        )
        await self._smtp.connect()
        # One who does not know it is greeted the old way, with the first mail.
        with suppress(SMTPHeloError):
            await self._smtp.ehlo()
        return self._smtp


def _judged(error: Exception) -> Try:
    """What a refusal means; what the server says about it is not repeated, for it may name somebody."""
    match error:
        case SMTPRecipientsRefused():
            code = error.recipients[0].code
            return _refused(code, f"the recipient is refused ({code})")
        case SMTPDataError():
            return _refused(error.code, f"the mail is refused ({error.code})")
        case SMTPResponseException():
            # At the sender, the login or before: it would be the same for every other mail.
            return _nobody(f"the mail server refuses us ({error.code})")
        case SMTPNotSupported() | ValueError():
            return Try(Verdict.REFUSED, "the mail server cannot send to such an address")
        case _:
            return Try(Verdict.FAILED, "the mail server has hung up")


def _refused(code: int, problem: str) -> Try:
    return Try(Verdict.REFUSED if code >= 500 else Verdict.FAILED, problem)


def _nobody(problem: str) -> Try:
    return Try(Verdict.FAILED, problem, nobody_there=True)
