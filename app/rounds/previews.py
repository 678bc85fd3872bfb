"""Previews: what a round would come to with several settings side by side. They change nothing and go after a day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.core import jobs
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import Language, mark, translate
from app.core.ids import new_id
from app.rounds import service as rounds
from app.rounds.models import PreviewStatus, Round, RoundPreview, RoundStatus
from app.rounds.schemas import RoundSettings
from app.rounds.schemas_previews import OutcomeOut, PreviewCreate, PreviewOut
from app.rounds.telling import STAGES, problem_in_words

JOB = "round_preview"
KEPT_FOR = timedelta(hours=24)
ENDED = (PreviewStatus.DONE, PreviewStatus.FAILED)

_PREVIEWED = (RoundStatus.DRAFT, RoundStatus.FAILED, RoundStatus.PROPOSED)


class PreviewNotFound(NotFound):
    slug = "preview-not-found"
    title = mark("No such preview")
    detail = mark(
        "There is no preview {preview_id} of this round. A preview is deleted after 24 hours; make a new one with "
        "POST /v1/rounds/{round_id}/preview."
    )


def create(session: Session, caller: Caller, round_id: str, wish: PreviewCreate) -> RoundPreview:
    """Queue a preview with some settings, or those of the round, for a worker."""
    match_round = rounds.get_in(session, caller, round_id, *_PREVIEWED)
    rounds.check_participants(session, match_round)
    preview = RoundPreview(
        id=new_id("prv"),
        round_id=round_id,
        status=PreviewStatus.QUEUED,
        settings=[one.model_dump(mode="json") for one in wish.settings or [settings_of(match_round)]],
        created_at=now(),
    )
    session.add(preview)
    jobs.enqueue(session, JOB, preview.id)
    return preview


def get(session: Session, caller: Caller, round_id: str, preview_id: str) -> RoundPreview:
    """The preview. Raises RoundNotFound, PreviewNotFound."""
    rounds.get(session, caller, round_id)
    found = session.get(RoundPreview, preview_id)
    if found is None or found.round_id != round_id:
        raise PreviewNotFound(preview_id=preview_id, round_id=round_id)
    return found


def page(session: Session, caller: Caller, round_id: str, *, after: str | None, limit: int) -> Sequence[RoundPreview]:
    """Previews of a round, newest first, one more than `limit`."""
    rounds.get(session, caller, round_id)
    query = select(RoundPreview).where(col(RoundPreview.round_id) == round_id)
    if after is not None:
        query = query.where(col(RoundPreview.id) < after)
    return session.exec(query.order_by(col(RoundPreview.id).desc()).limit(limit + 1)).all()


def settings_of(match_round: Round) -> RoundSettings:
    """A round's settings, as they were asked for."""
    return RoundSettings.model_validate(match_round.model_dump(include=set(RoundSettings.model_fields)))


def begin(session: Session, preview_id: str, *, communities: int, digest: str) -> None:
    preview = session.get_one(RoundPreview, preview_id)
    preview.status = PreviewStatus.RUNNING
    preview.started_at = preview.started_at or now()
    preview.communities, preview.snapshot_hash = communities, digest
    session.add(preview)


def finish(session: Session, preview_id: str, outcomes: Sequence[Mapping[str, object]]) -> None:
    """Everything is computed."""
    preview = session.get_one(RoundPreview, preview_id)
    preview.status, preview.finished_at = PreviewStatus.DONE, now()
    preview.outcomes = [dict(one) for one in outcomes]
    session.add(preview)


def fail(session: Session, preview_id: str, failure: str, values: Mapping[str, str] | None = None) -> None:
    """Tell what went wrong and what to do (a name of `running.FAILURES`)."""
    preview = session.get(RoundPreview, preview_id)
    if preview is None:
        return
    preview.status, preview.finished_at = PreviewStatus.FAILED, now()
    preview.problem, preview.problem_values = failure, dict(values or {})
    session.add(preview)


def give_up(session: Session, preview_id: str) -> None:
    fail(session, preview_id, "worker_lost")


def forget_outdated(session: Session) -> None:
    """Previews whose day is over, and the jobs of those that no worker took."""
    outdated = list(session.exec(select(RoundPreview.id).where(col(RoundPreview.created_at) <= now() - KEPT_FOR)))
    for preview_id in outdated:
        jobs.cancel(session, preview_id)
    session.execute(delete(RoundPreview).where(col(RoundPreview.id).in_(outdated)))


def shown(session: Session, caller: Caller, previews: Sequence[RoundPreview], language: Language) -> list[PreviewOut]:
    """Previews with their progress; figures by company are for organizers."""
    work = jobs.latest(session, [one.id for one in previews])

    def as_out(one: RoundPreview) -> PreviewOut:
        job, status = work.get(one.id), one.status
        under_way = status is PreviewStatus.RUNNING and job is not None
        stage = (job.stage or "freezing") if under_way and job else status.value
        outcomes = [OutcomeOut.model_validate(outcome) for outcome in one.outcomes]
        if caller.role is not Role.ORGANIZER:
            outcomes = [outcome.model_copy(update={"left_over": None}) for outcome in outcomes]
        return PreviewOut.model_validate(
            one.model_dump(exclude={"outcomes"})
            | {
                "progress": 1.0 if status is PreviewStatus.DONE else job.progress if job and under_way else 0.0,
                "stage": translate(STAGES[stage], language),
                "problem": problem_in_words(one, language),
                "outcomes": outcomes,
                "deleted_at": one.created_at + KEPT_FOR,
            }
        )

    return [as_out(one) for one in previews]
