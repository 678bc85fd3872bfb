"""Sends what is due, from one process at a time: mails over one connection, webhooks many at once.

Whoever reads this for the guarantee: a message is sent, then marked as sent in a short transaction under the fence.
Killed in between, it is sent once more with the same id; it is never lost, and never sent again after it was marked.
Each endpoint, and the mail server, is a lane of its own: one that hangs or fails holds up no other. Within a lane
what is tried again comes later than what came after it, so nobody may count on an order.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import cached_property
from typing import TypeVar

import httpx2
import structlog

from app.core.clock import now
from app.core.database import Database
from app.core.settings import Settings
from app.notifications import calling, leasing, mailing, queries
from app.notifications.composing import Letterhead
from app.notifications.lanes import Lane, MailLane, WebhookLane
from app.notifications.leasing import SenderReplaced, Turn
from app.notifications.letters import Templates
from app.notifications.models import MessageStatus
from app.notifications.parcels import Parcel
from app.notifications.queries import Settled
from app.notifications.tries import Try, Verdict, pause_after

log = structlog.get_logger()

_CALLS_AT_ONCE = 32
_LOOK_EVERY_SECONDS = 0.5
_UNANSWERED_IN_A_ROW = 2
# A transaction for each would take more time than the sending. What is sent in this time may come twice after a kill.
_TOGETHER_SECONDS = 0.02
# Looking names up takes threads of their own: some resolvers take half a minute to say no.
_LOOKING_THREADS = 32

Found = TypeVar("Found")
_STATUS = {
    Verdict.DELIVERED: MessageStatus.SENT,
    Verdict.REFUSED: MessageStatus.PARKED,
    Verdict.NOT_WANTED: MessageStatus.DROPPED,
}


class Sender:
    """What sends the messages of a database, as one of several that take turns."""

    def __init__(
        self, database: Database, settings: Settings, templates: Templates, stopping: threading.Event | None = None
    ) -> None:
        self.database = database
        self.settings = settings
        self.templates = templates
        self.stopping = stopping or threading.Event()

    def run(self) -> None:
        """Send until `stopping` is set."""
        while not self.stopping.is_set():
            settled = 0
            try:
                settled = self.send_due()
            except Exception as error:
                # Most likely the database is away: it will be back.
                log.error("sender_waits", exc_info=error)
            if not settled:
                self.stopping.wait(self.settings.poll_seconds)

    def send_due(self) -> int:
        """Send everything that is due; how many messages were tried. 0 too while another process sends."""
        with self.database.reader() as session:
            if not queries.anything_due(session, now()):
                return 0
        turn = leasing.take(self.database, self.settings.lease_seconds)
        if turn is None:
            return 0
        try:
            return self._within(turn)
        except SenderReplaced:
            log.warning("sender_replaced")
            return 0
        finally:
            with suppress(SenderReplaced):
                turn.end()

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return httpx2.create_ssl_context()

    def _within(self, turn: Turn) -> int:
        # In a thread of its own: whoever calls may have an event loop running already.
        with ThreadPoolExecutor(1, "sender") as own:
            return own.submit(asyncio.run, _Pass(self, turn).run()).result()


class _Pass:
    """One turn: all lanes side by side, and one who writes down what has come of each message."""

    def __init__(self, sender: Sender, turn: Turn) -> None:
        self._sender = sender
        self._turn = turn
        self._settled = 0

    async def run(self) -> int:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOKING_THREADS, "look-up"))
        self._slots = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._tried: asyncio.Queue[tuple[Parcel, Try, asyncio.Future[None]]] = asyncio.Queue()
        with ThreadPoolExecutor(2, "outbox") as self._desk:
            async with AsyncExitStack() as stack:
                self._post = await stack.enter_async_context(mailing.opened(self._sender.settings))
                await self._all_lanes()
        return self._settled

    async def _all_lanes(self) -> None:
        """Until nothing is due. What fails in here, such as a turn that was lost, ends all of it."""
        keeping = {asyncio.create_task(self._write_down()), asyncio.create_task(self._renew())}
        lanes: dict[str | None, asyncio.Task[None]] = {}
        try:
            while not self._sender.stopping.is_set():
                for endpoint_id in await self._at_desk(self._lanes_due) - lanes.keys():
                    lanes[endpoint_id] = asyncio.create_task(self._serve(endpoint_id))
                if not lanes:
                    return
                running = keeping | set(lanes.values())
                ended, _ = await asyncio.wait(
                    running, timeout=_LOOK_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended:
                    task.result()
                lanes = {endpoint_id: task for endpoint_id, task in lanes.items() if task not in ended}
            await self._come_to_an_end(keeping, set(lanes.values()))
        finally:
            for task in keeping | set(lanes.values()):
                task.cancel()
            await asyncio.gather(*keeping, *lanes.values(), return_exceptions=True)

    async def _come_to_an_end(self, keeping: set[asyncio.Task[None]], lanes: set[asyncio.Task[None]]) -> None:
        """What is on its way is waited for: lanes begin nothing new any more."""
        while lanes:
            ended, _ = await asyncio.wait(keeping | lanes, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            lanes -= ended

    async def _serve(self, endpoint_id: str | None) -> None:
        """Send what is due in one lane, in portions."""
        async with AsyncExitStack() as stack:
            lane: Lane
            if endpoint_id is None:
                lane = MailLane(self._post, self._sender.templates, self._letterhead)
            else:
                client = await stack.enter_async_context(calling.line(self._sender.tls))
                lane = WebhookLane(client, self._slots, endpoint_id, self._sender.settings)
            while not self._sender.stopping.is_set():
                portion = await self._at_desk(self._portion, lane)
                if not portion:
                    return
                problem = await self._portion_sent(lane, portion)
                if problem is not None:
                    await self._at_desk(self._put_off, lane, problem)
                    return

    async def _portion_sent(self, lane: Lane, portion: list[Parcel]) -> str | None:
        """Send it and have it written down; where nobody is there, why, and the rest is left as it is."""
        written: list[asyncio.Future[None]] = []
        nobody: list[str] = []
        unanswered = 0

        async def one_after_the_other(waiting: Iterator[Parcel]) -> None:
            nonlocal unanswered
            for parcel in waiting:
                tried = await self._tried_once(lane, parcel)
                written.append(self._to_be_written(parcel, tried))
                unanswered = unanswered + 1 if tried.unanswered else 0
                if tried.nobody_there or unanswered == _UNANSWERED_IN_A_ROW:
                    nobody.append(tried.problem or "")
                if nobody or self._sender.stopping.is_set():
                    return

        # The first one alone: a lane where nobody is there is to take as little room as it can.
        first, *others = portion
        await one_after_the_other(iter([first]))
        if unanswered and others:
            # Far from the first: what is due together is often alike.
            await one_after_the_other(iter([others.pop()]))
        if not nobody:
            rest = iter(others)
            await asyncio.gather(*(one_after_the_other(rest) for _ in range(lane.at_once)))
        await asyncio.gather(*written)
        return nobody[0] if nobody else None

    async def _tried_once(self, lane: Lane, parcel: Parcel) -> Try:
        if isinstance(parcel.content, Try):
            return parcel.content
        try:
            return await lane.send(parcel)
        except Exception as error:
            log.error("message_not_sent", message_id=parcel.message_id, exc_info=error)
            return Try(Verdict.FAILED, f"unexpected ({type(error).__name__})")

    def _to_be_written(self, parcel: Parcel, tried: Try) -> asyncio.Future[None]:
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tried.put_nowait((parcel, tried, written))
        return written

    async def _write_down(self) -> None:
        """What was tried, almost as soon as it was: what comes within a moment is stored together."""
        while True:
            some = [await self._tried.get()]
            await asyncio.sleep(_TOGETHER_SECONDS)
            while not self._tried.empty():
                some.append(self._tried.get_nowait())
            await self._at_desk(self._store, [(parcel, tried) for parcel, tried, _ in some])
            self._settled += len(some)
            for _, _, written in some:
                written.set_result(None)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._turn.seconds / 4)
            await self._at_desk(self._turn.renew)

    def _lanes_due(self) -> set[str | None]:
        with self._sender.database.reader() as session:
            return queries.lanes_due(session, now())

    def _portion(self, lane: Lane) -> list[Parcel]:
        with self._sender.database.reader() as session:
            due = queries.due_in_lane(session, lane.endpoint_id, now(), lane.ready)
            return lane.parcels(session, list(due)) if due else []

    def _store(self, tried: list[tuple[Parcel, Try]]) -> None:
        with self._sender.database.session() as session:
            self._turn.guard(session)
            queries.settle(session, [_settled(parcel, one) for parcel, one in tried])

    def _put_off(self, lane: Lane, problem: str) -> None:
        with self._sender.database.session() as session:
            self._turn.guard(session)
            queries.put_off(session, lane.endpoint_id, now(), problem)

    @cached_property
    def _letterhead(self) -> Letterhead:
        said = self._sender.settings
        return Letterhead.of(said.mail_from, said.public_url, said.key_pepper.get_secret_value())

    def _at_desk(self, work: Callable[..., Found], *with_: object) -> Awaitable[Found]:
        """Work with the database, in a thread: here it would hold up everything that is on its way."""
        return asyncio.get_running_loop().run_in_executor(self._desk, work, *with_)


def _settled(parcel: Parcel, tried: Try) -> Settled:
    moment = now()
    attempts = parcel.attempts + (tried.verdict is not Verdict.NOT_WANTED)
    pause = pause_after(attempts) if tried.verdict is Verdict.FAILED else None
    if pause is not None:
        return Settled(parcel.message_id, MessageStatus.WAITING, attempts, moment + pause, None, tried.problem)
    status = _STATUS.get(tried.verdict, MessageStatus.PARKED)
    return Settled(parcel.message_id, status, attempts, moment, moment, tried.problem)
