"""Seatings as who organizes them reads them: progress, figures in words, who sits where; and as a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import cast

from sqlmodel import Session

from app.core import jobs, links
from app.core.dates import days_later
from app.core.i18n import Language, mark, translate
from app.core.jobs import Job
from app.core.settings import Settings
from app.meetups.models import Meetup
from app.seatings import queries
from app.seatings.cards import Cards, Seat, card_of
from app.seatings.models import Seating, SeatingGroup, SeatingStatus
from app.seatings.queries import Name
from app.seatings.running import FAILURES, KEPT_APART
from app.seatings.schemas import FiguresOut, GroupOut, MemberOut, RotationOut, SeatingOut, SeatingPlanOut, SharedOut

ENDED = (SeatingStatus.DONE, SeatingStatus.FAILED)
STAGES = {
    "queued": mark("waiting for a worker"),
    "reading": mark("reading who comes"),
    "seating": mark("choosing the groups"),
    "storing": mark("storing the groups"),
    "done": mark("done"),
    "failed": mark("failed"),
}
_CARDS_OPEN_DAYS = 30
_HEADINGS = ("rotation", "table", "theme", "language", "opening_question", "first_name", "company", "registration_id")
# What a spreadsheet takes for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def seatings_shown(
    session: Session, seatings: Sequence[Seating], language: Language, settings: Settings
) -> list[SeatingOut]:
    """Seatings without their groups, with their progress."""
    meetup_ids = {one.meetup_id for one in seatings}
    work = jobs.latest(session, [one.id for one in seatings])
    current = queries.newest_done(session, meetup_ids)
    some_cannot = any(one.problem == KEPT_APART for one in seatings)
    names = queries.names(session, meetup_ids) if some_cannot else {}

    def shown(one: Seating) -> SeatingOut:
        job, done = work.get(one.id), one.status is SeatingStatus.DONE
        return SeatingOut.model_validate(
            one.model_dump(exclude={"figures", "people"})
            | {
                "progress": 1.0 if done else _progress(one, job),
                "stage": translate(STAGES[_stage(one, job)], language),
                "current": current.get(one.meetup_id) == one.id,
                "people": len(one.people),
                "figures": figures_shown(one.figures, language) if one.figures else None,
                "cards_url": _cards_url(session.get_one(Meetup, one.meetup_id), one, settings) if done else None,
                "problem": _problem_in_words(one, names, language),
            }
        )

    return [shown(one) for one in seatings]


def plan_shown(session: Session, seating: Seating, language: Language, settings: Settings) -> SeatingPlanOut:
    """A seating with its groups."""
    [summary] = seatings_shown(session, [seating], language, settings)
    meetup = session.get_one(Meetup, seating.meetup_id)
    names = queries.names(session, [meetup.id])
    by_rotation: dict[int, list[GroupOut]] = {}
    for group in queries.groups(session, seating.id):
        by_rotation.setdefault(group.rotation, []).append(_group_shown(group, meetup, names))
    return SeatingPlanOut.model_validate(
        dict(summary)
        | {
            "plan": [
                RotationOut(rotation=number, kept=number <= seating.kept, groups=by_rotation[number])
                for number in sorted(by_rotation)
            ]
        }
    )


def as_csv(cards: Cards) -> str:
    """One seat a line; no cell is taken for a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    for rotation in cards.rotations:
        for card in rotation:
            about = (card.rotation, card.number, card.theme, card.language, card.opening_question)
            writer.writerows(
                _cells(*about, seat.first_name, seat.company, seat.registration_id) for seat in card.members
            )
    return written.getvalue()


def figures_shown(stored: Mapping[str, object], language: Language) -> FiguresOut:
    """Figures as they are stored, with their sentences."""
    figures = cast("Mapping[str, float]", stored)
    mean, at_random = figures["mean_similarity"], figures["random_similarity"]
    times = round(mean / at_random, 2) if at_random > 0 else None
    return FiguresOut.model_validate(
        {name: round(value, 4) for name, value in figures.items()}
        | {"times_random": times, "texts": _in_words(figures, times, language)}
    )


def _in_words(figures: Mapping[str, float], times: float | None, language: Language) -> list[str]:
    texts = [
        (_REPEATED, figures["repeated_pairs"], figures["least_repeated_pairs"]),
        (_SAME_COMPANY, figures["same_company_pairs"], figures["least_same_company_pairs"]),
        (_WITHOUT_LANGUAGE, figures["groups_without_language"], 0),
    ]
    told = []
    for (none, fewest, more), count, least in texts:
        text = none if count == 0 else fewest if count <= least else more
        told.append(translate(text, language, count=int(count), least=int(least)))
    if times is not None:
        text = _AS_AT_RANDOM if times < _MORE_THAN_RANDOM else _THEMES
        told.append(translate(text, language, times=_number(times, language)))
    return told


_REPEATED = (
    mark("No two people meet twice."),
    mark("Pairs that meet once more: {count}. Fewer are not possible with so many people and rotations."),
    mark("Pairs that meet once more: {count}. By counting alone {least} would be possible."),
)
_SAME_COMPANY = (
    mark("Nobody sits with somebody of the same company."),
    mark("Pairs of one company at a table: {count}. Fewer are not possible with these people."),
    mark("Pairs of one company at a table: {count}. By counting alone {least} would be possible."),
)
_WITHOUT_LANGUAGE = (
    mark("No table lacks a language that all of it speak."),
    mark("Tables without a language that all of them speak: {count}."),
    mark("Tables without a language that all of them speak: {count}."),
)
_THEMES = mark("Those of a group have {times} times as much in common as in groups drawn at random.")
_AS_AT_RANDOM = mark("Those of a group have about as much in common as in groups drawn at random.")
# Below, it would be told as "1.0 times".
_MORE_THAN_RANDOM = 1.05


def _number(value: float, language: Language) -> str:
    told = f"{value:.1f}"
    return told.replace(".", ",") if language == "de" else told


def _stage(seating: Seating, job: Job | None) -> str:
    if seating.status is SeatingStatus.RUNNING:
        return (job.stage if job else None) or "reading"
    return seating.status.value


def _progress(seating: Seating, job: Job | None) -> float:
    return job.progress if job and seating.status is SeatingStatus.RUNNING else 0.0


def _problem_in_words(seating: Seating, names: Mapping[str, Name], language: Language) -> str | None:
    if seating.problem is None:
        return None
    values = dict(seating.problem_values)
    if seating.problem == KEPT_APART:
        known = [names[one] for one in values.get("people", "").split() if one in names]
        told = ", ".join(f"{first_name} ({company})" for first_name, company in known)
        values["people"] = told or translate(mark("people who have no place any more"), language)
    return translate(FAILURES[seating.problem], language, **values)


def _cards_url(meetup: Meetup, seating: Seating, settings: Settings) -> str:
    until = days_later(meetup.ends_at, _CARDS_OPEN_DAYS, meetup.time_zone)
    token = links.signed("table-cards", [seating.id], settings.key_pepper.get_secret_value(), until=until)
    return f"{settings.public_url}/table-cards/{token}"


def _group_shown(group: SeatingGroup, meetup: Meetup, names: Mapping[str, Name]) -> GroupOut:
    card = card_of(group, meetup.language, names)
    return GroupOut(
        table=group.number,
        theme=card.theme,
        opening_question=card.opening_question,
        language=group.language,
        no_common_language=group.no_common_language,
        similarity=group.similarity,
        shared=[SharedOut.model_validate(one) for one in group.shared],
        same_company_pairs=group.same_company_pairs,
        repeated_pairs=group.repeated_pairs,
        members=[_member_shown(seat) for seat in card.members],
    )


def _member_shown(seat: Seat) -> MemberOut:
    return MemberOut(registration_id=seat.registration_id, first_name=seat.first_name, company=seat.company)


def _cells(*values: object) -> list[str]:
    cells = ["" if value is None else str(value) for value in values]
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
