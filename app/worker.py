"""The background process: `python -m app.worker`. Takes jobs and events until it is asked to stop."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import FrameType

import structlog

from app import tables
from app.communities import service as communities
from app.core import events, idempotency, jobs, logs, schedule
from app.core.database import Database
from app.core.events import Handlers
from app.core.jobs import Interrupted, JobKind, Lease, LeaseLost
from app.core.schedule import Schedule
from app.core.settings import Settings, get_settings
from app.discovery import service as discovery
from app.exchanges import service as exchanges
from app.exchanges import telling as exchange_mails
from app.exchanges.jobs import TEND_TANDEMS
from app.exchanges.telling import ExchangeTold, TandemTold
from app.guardrails.acceptance import ENDS as ACCEPTANCE_ENDS
from app.guardrails.jobs import TELL_WHAT_ENDS
from app.imports.jobs import KIND as IMPORT
from app.meetups import telling as meetup_messages
from app.notifications import guidelines
from app.notifications.letters import Template, Templates
from app.notifications.sending import Sender
from app.privacy import confirmation, people
from app.privacy.jobs import ASK_TO_CONFIRM, ERASE_COMPANY, RETENTION
from app.programme import alternates, meeting_again, storytelling, summing_up
from app.programme.jobs import OFFER_ALTERNATES
from app.programme.meeting_again import MEETING_AGAIN
from app.registrations import forgetting as registration_places
from app.registrations import places as registration_line
from app.registrations import service as registrations
from app.registrations import telling as registration_mails
from app.registrations.jobs import TEND_MEETUPS
from app.rounds import previews
from app.rounds.jobs import KIND as ROUND
from app.rounds.jobs import PREVIEW
from app.seatings.jobs import SEATING
from app.tandems import service as suggestions
from app.tandems import telling as suggestion_mails
from app.tandems.jobs import EXPIRE_SUGGESTIONS, REMIND_OF_SUGGESTIONS

log = structlog.get_logger()

JOBS: Mapping[str, JobKind] = {
    kind.name: kind
    for kind in (
        IMPORT,
        ROUND,
        PREVIEW,
        ERASE_COMPANY,
        EXPIRE_SUGGESTIONS,
        OFFER_ALTERNATES,
        RETENTION,
        ASK_TO_CONFIRM,
        REMIND_OF_SUGGESTIONS,
        TELL_WHAT_ENDS,
        TEND_TANDEMS,
        TEND_MEETUPS,
        SEATING,
        MEETING_AGAIN,
    )
}
SCHEDULE: Schedule = {
    RETENTION.name: timedelta(days=1),
    ASK_TO_CONFIRM.name: timedelta(days=1),
    TELL_WHAT_ENDS.name: timedelta(days=1),
    TEND_TANDEMS.name: timedelta(hours=1),
    TEND_MEETUPS.name: timedelta(minutes=15),
    # Also queued for the moment at which they are due: here for what jobs that failed for good have left.
    EXPIRE_SUGGESTIONS.name: timedelta(hours=1),
    REMIND_OF_SUGGESTIONS.name: timedelta(hours=1),
}
"""What is done again and again, with its period: each handles everything that is due."""
HANDLERS: Handlers = {
    "person.changed": (
        lambda session, event: communities.touch_managed(session, event.subject_id),
        exchange_mails.person_changed,
        suggestion_mails.person_changed,
    ),
    "person.unknown": (people.forget_unknown,),
    "community.paused": (lambda session, event: suggestions.community_paused(session, event.subject_id),),
    "community.archived": (
        lambda session, event: suggestions.community_archived(session, event.subject_id),
        registrations.community_archived,
    ),
    "company.leaving": (
        lambda session, event: suggestions.company_leaving(session, event.subject_id),
        lambda session, event: registration_places.company_leaving(session, event.subject_id),
    ),
    "round.suggestions_ended": (alternates.suggestions_ended,),
    ACCEPTANCE_ENDS: (guidelines.remind,),
    "suggestion.opened": (suggestion_mails.suggestion_opened,),
    "suggestion.reminder_due": (suggestion_mails.suggestion_reminder_due,),
    "suggestion.awaiting_coordinator": (suggestion_mails.suggestion_awaiting_coordinator,),
    "suggestion.deputy_due": (suggestion_mails.suggestion_deputy_due,),
    "suggestion.approval_reminder_due": (suggestion_mails.suggestion_approval_reminder_due,),
    "suggestion.declined": (suggestion_mails.suggestion_ended,),
    "suggestion.not_now": (suggestion_mails.suggestion_ended,),
    "suggestion.expired": (suggestion_mails.suggestion_ended,),
    "suggestion.withdrawn": (suggestion_mails.suggestion_ended,),
    "community.contact_changed": (exchange_mails.contacts_changed, suggestion_mails.contacts_changed),
    "tandem.started": (suggestion_mails.tandem_started, exchange_mails.tandem_started),
    "tandem.paused": (exchanges.tandem_paused, TandemTold("tandem.paused", "tandem.paused")),
    "tandem.resumed": (TandemTold("tandem.resumed", "tandem.resumed"),),
    "tandem.renewed": (TandemTold("tandem.renewed", "tandem.renewed"),),
    "tandem.changed": (TandemTold("tandem.agreed"),),
    "tandem.closing": (TandemTold("tandem.harvest"),),
    "tandem.closed": (exchanges.tandem_closed, exchange_mails.tandem_closed, suggestion_mails.tandem_closed),
    "tandem.renewal_due": (TandemTold("tandem.renew"),),
    "tandem.pulse_due": (TandemTold("tandem.pulse"),),
    "tandem.quiet": (TandemTold("tandem.quiet"),),
    "tandem.adjust_wished": (exchange_mails.adjust_wished,),
    "exchange.due": (TandemTold("exchange.due"),),
    "exchange.planned": (ExchangeTold("exchange.planned", "exchange.planned"),),
    "exchange.changed": (ExchangeTold("exchange.changed"),),
    "exchange.moved": (exchange_mails.exchange_moved,),
    "exchange.cancelled": (exchange_mails.exchange_cancelled,),
    "exchange.held": (ExchangeTold(kind="exchange.held"), exchange_mails.exchange_over),
    "exchange.over": (exchange_mails.exchange_over,),
    "exchange.missed": (ExchangeTold(kind="exchange.missed"),),
    "exchange.ended_by_objection": (ExchangeTold("exchange.objected", "exchange.ended_by_objection"),),
    "minutes.written": (exchange_mails.minutes_written,),
    "minutes.confirmed": (ExchangeTold(kind="minutes.confirmed"),),
    "story.released": (TandemTold(kind="story.released"), storytelling.invite),
    "story.taken_back": (storytelling.taken_back,),
    "story.reworded": (storytelling.reworded,),
    "meetup.announced": (meetup_messages.announced, registration_mails.meetup_announced, storytelling.invite_all),
    "meetup.changed": (registrations.meetup_changed, meetup_messages.changed),
    "meetup.moved": (registration_line.meetup_moved, registration_mails.meetup_moved, meetup_messages.changed),
    "meetup.cancelled": (registration_mails.meetup_cancelled, meetup_messages.cancelled, storytelling.invite_all),
    "meetup.held": (meetup_messages.held, storytelling.invite_all),
    "meetup.week_before": (registration_mails.meetup_reminder_due,),
    "meetup.day_before": (registration_mails.meetup_reminder_due,),
    "meetup.feedback_due": (registration_mails.feedback_due,),
    "meetup.summary_due": (registration_mails.summary_due,),
    "talk.speaker_named": (meetup_messages.speaker_named,),
    "talk.accepted": (meetup_messages.talk_decided,),
    "talk.declined": (meetup_messages.talk_decided,),
    "registration.signed_up": (registration_mails.signed_up,),
    "registration.known": (registration_mails.known_already,),
    "registration.registered": (registration_mails.registered,),
    "registration.waiting": (registration_mails.waiting,),
    "registration.offered": (registration_mails.offered,),
    "registration.cancelled": (registration_mails.ended,),
    "registration.lapsed": (registration_mails.ended,),
    "again.both": (meeting_again.both_said_again,),
}
# What each feature has put into words, in the order of the features.
_LETTERS: tuple[tuple[Template, ...], ...] = (
    guidelines.TEMPLATES,
    suggestion_mails.TEMPLATES,
    exchange_mails.TEMPLATES,
    meetup_messages.TEMPLATES,
    registration_mails.TEMPLATES,
    summing_up.TEMPLATES,
    storytelling.TEMPLATES,
    confirmation.TEMPLATES,
)
TEMPLATES: Templates = {template.name: template for some in _LETTERS for template in some}

assert tables.metadata  # noqa: S101  every table is known before the first query

_SEEN_EVERY_SECONDS = 5.0
_TIDY_EVERY_SECONDS = 600.0
_PLAN_EVERY_SECONDS = 30.0
# SQLite lets in whoever asks while nobody writes: those who wait ask now and then, and would find us writing again.
_OTHERS_WRITE_SECONDS = 0.05
# A change is to be found within a minute, and looking for changes is to take at most a twentieth of the time.
_SHORTEST_LOOK, _LONGEST_LOOK, _LOOK_SHARE = 1.0, 20.0, 0.05


class Worker:
    """Does one thing after the other; several workers share the work of one database."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.stopping = threading.Event()
        self.sender = Sender(database, settings, TEMPLATES, self.stopping)
        self._tidy_at = 0.0
        self._plan_at = 0.0
        self._seen_event = ""

    def run(self) -> None:
        """Work until `stopping` is set, waiting a little whenever there is nothing to do."""
        with self._told_as_seen(), self._kept_discoverable(), self._messages_sent():
            while not self.stopping.is_set():
                if not self._work_or_wait():
                    self.stopping.wait(self.settings.poll_seconds)
                elif self.database.on_sqlite:
                    self.stopping.wait(_OTHERS_WRITE_SECONDS)

    def _work_or_wait(self) -> bool:
        try:
            self._tidy()
            self._plan()
            return self.work_once(others_first=self.database.on_sqlite)
        except Exception as error:
            # Most likely the database is away: it will be back, and so shall the worker be.
            log.error("worker_waits", exc_info=error)
            return False

    def _tidy(self) -> None:
        """Now and then, throw away what is kept for a day only."""
        if time.monotonic() < self._tidy_at:
            return
        self._tidy_at = time.monotonic() + _TIDY_EVERY_SECONDS
        with self.database.session() as session:
            idempotency.forget_outdated(session)
            previews.forget_outdated(session)

    def _plan(self) -> None:
        """Now and then, see that what is scheduled is queued."""
        if time.monotonic() < self._plan_at:
            return
        self._plan_at = time.monotonic() + _PLAN_EVERY_SECONDS
        self.plan()

    def plan(self) -> None:
        """Queue what is scheduled and is not."""
        with self.database.session() as session:
            schedule.keep(session, SCHEDULE)

    def run_until_idle(self) -> None:
        """Work until there is nothing left that is due, and what is to be told is sent."""
        self.plan()
        while self.work_once():
            pass
        discovery.bring_up_to_date(self.database)
        self.sender.send_due()

    def work_once(self, *, others_first: bool = False) -> bool:
        """One job, or some events, these not before others pause where they come first; False when there was
        neither."""
        lease = jobs.claim(self.database, self.settings.lease_seconds, list(JOBS), self.stopping.is_set)
        if lease is not None:
            self._do(lease)
            return True
        if others_first and events.keep_coming(self.database, HANDLERS, self._seen_event):
            return True
        handled = events.handle_some(self.database, HANDLERS)
        if handled and others_first:
            # What has followed of it is our own doing.
            self._seen_event = events.newest(self.database)
        return handled

    def _do(self, lease: Lease) -> None:
        kind = JOBS[lease.kind]
        if lease.hopeless:
            self._put_back(lease, kind)
            return
        log.info("job_started", kind=lease.kind, subject=lease.subject_id, attempt=lease.attempts)
        try:
            with self._renewed(lease):
                kind.run(lease, lease.subject_id)
        except LeaseLost:
            log.warning("lease_lost", kind=lease.kind, subject=lease.subject_id)
        except Interrupted:
            with suppress(LeaseLost), self.database.session() as session:
                lease.hand_back(session)
            log.info("job_handed_back", kind=lease.kind, subject=lease.subject_id)
        except Exception as error:
            log.error("job_failed", kind=lease.kind, subject=lease.subject_id, exc_info=error)
            self._put_back(lease, kind)
        else:
            log.info("job_done", kind=lease.kind, subject=lease.subject_id)

    def _put_back(self, lease: Lease, kind: JobKind) -> None:
        """Try again later, or after the last try record that it failed."""
        try:
            with self.database.session() as session:
                if not lease.exhausted:
                    lease.retry_later(session)
                    return
                lease.fail(session)
                kind.give_up(session, lease.subject_id)
        except LeaseLost:
            log.warning("lease_lost", kind=lease.kind, subject=lease.subject_id)

    @contextmanager
    def _renewed(self, lease: Lease) -> Iterator[None]:
        """Keep the lease while the work goes on, from a thread of its own."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self.settings.lease_seconds / 4):
                try:
                    lease.renew()
                except LeaseLost:
                    return
                except Exception as error:
                    # The database may be back before the lease ends.
                    log.warning("lease_not_renewed", exc_info=error)

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @contextmanager
    def _told_as_seen(self) -> Iterator[None]:
        """Tell /readyz that a worker is there, also while a long job runs."""

        def tell() -> None:
            while True:
                try:
                    jobs.tell_worker_seen(self.database, self.name)
                except Exception as error:
                    log.warning("worker_not_told", exc_info=error)
                if self.stopping.wait(_SEEN_EVERY_SECONDS):
                    return

        thread = threading.Thread(target=tell, name="seen", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join()
            jobs.forget_worker(self.database, self.name)

    @contextmanager
    def _kept_discoverable(self) -> Iterator[None]:
        """Keep the entries of discovery up to date, also while a long job runs."""

        def keep() -> None:
            pause = 0.0
            while not self.stopping.wait(pause):
                started = time.perf_counter()
                renewed = 0
                try:
                    renewed = discovery.bring_up_to_date(self.database, self.stopping.is_set)
                except Exception as error:
                    log.warning("discovery_not_brought_up_to_date", exc_info=error)
                spent = 0.0 if renewed else time.perf_counter() - started
                pause = min(max(spent * (1 / _LOOK_SHARE - 1), _SHORTEST_LOOK), _LONGEST_LOOK)

        thread = threading.Thread(target=keep, name="discovery", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join()

    @contextmanager
    def _messages_sent(self) -> Iterator[None]:
        """Send what is due, also while a long job runs; of several workers one does."""
        thread = threading.Thread(target=self.sender.run, name="sender", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join()


def main() -> int:
    """Run one worker until SIGTERM or SIGINT; a job at hand is left at its next stage and goes back to the queue."""
    settings = get_settings()
    logs.configure(settings.log_level)
    worker = Worker(Database(settings.database_url), settings)

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("worker_started", worker=worker.name)
    worker.run()
    worker.database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
