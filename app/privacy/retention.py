"""What is kept for how long: each rule finds what is over, and a dry run tells what would go without letting it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import confirming
from app.core import events, jobs
from app.core.clock import now
from app.core.i18n import Language, mark, translate
from app.core.settings import Settings, get_settings
from app.exchanges import forgetting as exchanges
from app.imports import service as imports
from app.notifications import mailing
from app.notifications import queries as messages
from app.notifications import service as notifications
from app.privacy.schemas import RetentionOut, RetentionRuleOut
from app.registrations import forgetting as registrations
from app.rounds import service as rounds
from app.seatings import personal as seatings
from app.tandems import queries_tandems
from app.tandems import service as suggestions

JOB = "retention"
BATCH = 500
_SHOWN = 5
# Whoever counts holds up all others that write, on SQLite.
_MOST_COUNTED = 1_000

# Lets go what was over before a moment, at most so many at once; their ids.
LetGo = Callable[[Session, datetime, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that is not kept for ever. `setting` is the name of the period in days."""

    name: str
    setting: str
    what: str
    let_go: LetGo
    afterwards: Callable[[Session, Settings, Sequence[str]], None] | None = None
    """What else goes with these ids, once the transaction is committed."""

    def days(self, settings: Settings) -> int:
        days: int = getattr(settings, self.setting)
        return days


def _archive_unconfirmed(session: Session, before: datetime, limit: int) -> Sequence[str]:
    return confirming.archive_unconfirmed(session, before, limit, spared=queries_tandems.in_tandems())


def _forget_closed(session: Session, before: datetime, limit: int) -> Sequence[str]:
    ids = exchanges.forget_some(session, before, limit)
    suggestions.forget_answers(session, ids)
    return ids


def _forget_registrations(session: Session, before: datetime, limit: int) -> Sequence[str]:
    # Figures first: they are counted from what goes.
    ended = registrations.keep_figures(session, before, get_settings().least_group, limit)
    seatings.forget(session, ended)
    return registrations.forget_ended(session, before, limit)


def _forget_files_about(session: Session, settings: Settings, registration_ids: Sequence[str]) -> None:
    mailing.forget_files(session, settings, messages.ids_of_mails(session, [], registration_ids))


RULES: Sequence[Rule] = (
    Rule(
        "unconfirmed_communities",
        "archive_unconfirmed_days",
        mark(
            "Communities that nobody has confirmed for so long are archived; those with a tandem that goes on stay."
        ),
        _archive_unconfirmed,
    ),
    Rule(
        "unanswered_suggestions",
        "keep_unanswered_suggestions_days",
        mark("What suggestions, and their answers, said that ended so long ago without a tandem."),
        suggestions.forget_without_tandem,
    ),
    Rule(
        "closed_tandems",
        "keep_closed_tandems_days",
        mark("Minutes, places and words of tandems that were closed so long ago; released stories stay."),
        _forget_closed,
    ),
    Rule(
        "messages",
        "keep_messages_days",
        mark("Records of messages that came to an end so long ago."),
        notifications.forget_finished,
        mailing.forget_files,
    ),
    Rule(
        "registrations",
        "keep_registrations_days",
        mark(
            "Registrations for meetups that ended so long ago, with what was wished and said, and people who were "
            "known only by them. Who wants to be told of the next meetups stays in the list for two years, without "
            "wishes."
        ),
        _forget_registrations,
        _forget_files_about,
    ),
    Rule(
        "wishes_in_snapshots",
        "keep_registrations_days",
        mark("Texts in the snapshots of rounds with the guests of a meetup that ended so long ago; the hash stays."),
        rounds.forget_wishes,
    ),
    Rule(
        "unconfirmed_registrations",
        "keep_unconfirmed_days",
        mark("Registrations of the public page whose address nobody has confirmed for so long, and who they name."),
        registrations.forget_unconfirmed,
        _forget_files_about,
    ),
    Rule(
        "snapshots",
        "keep_snapshots_days",
        mark("Texts in the snapshots of rounds that ended so long ago; the hash stays."),
        rounds.forget_snapshots,
    ),
    Rule("imports", "keep_imports_days", mark("Imports that ended so long ago."), imports.forget_finished),
    Rule("jobs", "keep_records_days", mark("Records of background work that ended so long ago."), jobs.forget_ended),
    Rule("events", "keep_records_days", mark("Records of what happened so long ago."), events.forget_handled),
)


def dry_run(session: Session, caller: Caller, settings: Settings, language: Language) -> RetentionOut:
    """What would go now, rule by rule: done, counted and taken back again."""
    caller.require(Role.OPERATOR)
    return RetentionOut(rules=[_told(session, rule, settings, language) for rule in RULES])


def let_go(session: Session, rule: Rule, settings: Settings) -> int:
    """One batch of what is over by a rule; how many."""
    gone = rule.let_go(session, _before(rule, settings), BATCH)
    if rule.afterwards is not None:
        rule.afterwards(session, settings, gone)
    return len(gone)


def _told(session: Session, rule: Rule, settings: Settings, language: Language) -> RetentionRuleOut:
    with session.begin_nested() as trial:
        ids = rule.let_go(session, _before(rule, settings), _MOST_COUNTED + 1)
        trial.rollback()
    session.expire_all()
    return RetentionRuleOut(
        name=rule.name,
        days=rule.days(settings),
        setting=f"TANDEM_{rule.setting.upper()}",
        text=translate(rule.what, language),
        count=min(len(ids), _MOST_COUNTED),
        more=len(ids) > _MOST_COUNTED,
        examples=list(ids[:_SHOWN]),
    )


def _before(rule: Rule, settings: Settings) -> datetime:
    return now() - timedelta(days=rule.days(settings))
