"""`tandem meetup ...`: look at meetups, announce and open them, seat people, take it all along."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.access.service import SYSTEM
from app.cli.files import written_to
from app.cli.following import LEFT, Left, Seen, follow
from app.cli.terminal import AsJson, Lang, Refused, headings, listing, opened, out, print_json, reading, tell, writing
from app.core.clock import now
from app.core.database import Database
from app.core.dates import local
from app.core.i18n import Language, mark, translate
from app.core.settings import get_settings
from app.meetups import queries
from app.meetups import service as meetups
from app.meetups.models import Meetup, MeetupStatus
from app.meetups.service import Step
from app.meetups.viewing import meetups_shown, talks_shown
from app.programme import exporting
from app.programme import summary as summaries
from app.programme.schemas_after import MeetupSummaryOut
from app.seatings import planning, telling
from app.seatings import service as seatings
from app.seatings.schemas import SeatingCreate, SeatingOut

app = typer.Typer(
    no_args_is_help=True, help="Meetups: `list`, `show`, `announce`, `open`, `seat`, `cards`, `export`."
)

MeetupId = Annotated[str, typer.Argument(metavar="ID", help="Id of the meetup.")]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Left out: standard output.")]


@app.command("list")
def list_meetups(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    status: Annotated[MeetupStatus | None, typer.Option(help="Only in this state.")] = None,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """Meetups by their start, drafts too."""
    with reading() as session:
        found = queries.page(
            session, SYSTEM, status=status, starts_from=None, starts_before=None, after=None, limit=limit
        )[:limit]
        shown = meetups_shown(session, SYSTEM, found, lang)
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in shown]})
        return
    columns = (mark("title"), mark("when"), mark("state"), mark("places taken"), mark("waiting list"))
    table = listing("id", *headings(lang, *columns))
    for one in found:
        table.add_row(one.id, escape(one.title), _when(one), one.status.value, _places(one), str(one.waiting))
    out.print(table)


@app.command()
def show(meetup_id: MeetupId, as_json: AsJson = False, lang: Lang = "en") -> None:
    """A meetup with its accepted talks and, once it was held, what came of it."""
    with reading() as session:
        meetup = meetups.get(session, SYSTEM, meetup_id)
        [shown] = meetups_shown(session, SYSTEM, [meetup], lang)
        talks = talks_shown(session, [meetup_id]).get(meetup_id, [])
        came = (
            MeetupSummaryOut.of(summaries.summary(session, meetup, get_settings().least_group), with_comments=True)
            if meetup.status in summaries.WAS_HELD
            else None
        )
    if as_json:
        print_json(
            {
                "meetup": shown.model_dump(mode="json"),
                "summary": None if came is None else came.model_dump(mode="json"),
            }
        )
        return
    rows = {
        mark("title"): meetup.title,
        mark("when"): _when(meetup),
        mark("state"): meetup.status.value,
        mark("place"): meetup.place or "",
        mark("online"): meetup.online_link or "",
        mark("places taken"): _places(meetup),
        mark("waiting list"): str(meetup.waiting),
        mark("talks"): "\n".join(f"{one.title} ({one.community}, {one.company})" for one in talks),
    }
    if came is not None:
        rows |= _told(came, lang)
    table = Table(show_header=False)
    for heading, value in zip(headings(lang, *rows), rows.values(), strict=True):
        table.add_row(heading, escape(value))
    out.print(table)


@app.command()
def announce(meetup_id: MeetupId, lang: Lang = "en") -> None:
    """Let everybody read a draft, and communities propose talks; portals are told."""
    moved = _take(meetup_id, meetups.announce)
    tell(mark("{title} is announced. Let people register with: tandem meetup open {meetup_id}"), lang, **moved)


@app.command("open")
def open_registration(meetup_id: MeetupId, lang: Lang = "en") -> None:
    """Let people register for an announced meetup."""
    moved = _take(meetup_id, meetups.open_registration)
    tell(mark("People can register for {title} now."), lang, **moved)


@app.command()
def seat(
    meetup_id: MeetupId,
    rotations: Annotated[int, typer.Option(help="How often people sit down, 1 to 6.")] = 3,
    group_size: Annotated[int, typer.Option(help="How many are to sit together, 3 to 6.")] = 4,
    rotation_minutes: Annotated[int | None, typer.Option(help="How long, for the cards on the tables.")] = None,
    lang: Lang = "en",
) -> None:
    """Seat everybody who has a place in groups, in every rotation with other people. Prints the seating's id.

    A running worker does the work; where there is none, this command does.
    """
    wish = SeatingCreate(rotations=rotations, group_size=group_size, rotation_minutes=rotation_minutes)
    with opened() as database:
        with database.session() as session:
            seating_id = planning.create(session, SYSTEM, meetup_id, wish).id
        try:
            follow(database, get_settings(), lambda: _seen(_look(database, seating_id, lang)))
        except Left:
            tell(mark("Stopped. The seating stays in the queue, and a worker goes on with it."), lang)
            raise typer.Exit(LEFT) from None
        shown = _look(database, seating_id, lang)
    if shown.problem is not None:
        raise Refused("{problem}", problem=shown.problem)
    typer.echo(seating_id)
    for text in shown.figures.texts if shown.figures else ():
        tell("{said}", lang, said=text)
    tell(mark("Who sits where: tandem meetup cards {meetup_id}"), lang, meetup_id=meetup_id)


@app.command()
def cards(meetup_id: MeetupId, file: OutFile = None, lang: Lang = "en") -> None:
    """Who sits where, as CSV, one seat a line; and the address of the cards to print."""
    with reading() as session:
        meetup = meetups.get(session, SYSTEM, meetup_id)
        seating = seatings.current(session, meetup.id)
        if seating is None:
            raise Refused(mark("Nobody is seated at this meetup yet. Start with: tandem meetup seat ID"))
        table = telling.as_csv(seatings.cards(session, seating))
        [shown] = telling.seatings_shown(session, [seating], lang, get_settings())
    with written_to(file, encoding="utf-8") as (stream, _):
        stream.write(table)
    tell(mark("The cards to print: {address}"), lang, address=shown.cards_url)


@app.command()
def export(meetup_id: MeetupId, file: OutFile = None, lang: Lang = "en") -> None:
    """Everything of a meetup as NDJSON: talks, who comes and with which wishes, groups, feedback. No addresses."""
    with opened() as database:
        lines = exporting.export(database, SYSTEM, meetup_id, lang)
        with written_to(file, encoding="utf-8") as (stream, _):
            stream.writelines(line.decode() for line in lines)


def _take(meetup_id: str, step: Step) -> dict[str, str]:
    with writing() as session:
        moved = meetups.take_step(session, SYSTEM, meetup_id, step)
        return {"title": moved.title, "meetup_id": moved.id}


def _look(database: Database, seating_id: str, language: Language) -> SeatingOut:
    with database.reader() as session:
        seating = seatings.get(session, SYSTEM, seating_id)
        return telling.seatings_shown(session, [seating], language, get_settings())[0]


def _seen(shown: SeatingOut) -> Seen:
    return Seen(shown.stage, shown.progress, shown.status in telling.ENDED)


def _when(meetup: Meetup) -> str:
    """By the clocks of the meetup's place."""
    return f"{local(meetup.starts_at, meetup.time_zone):%Y-%m-%d %H:%M} {meetup.time_zone}"


def _places(meetup: Meetup) -> str:
    return f"{meetup.taken:,}" if meetup.capacity is None else f"{meetup.taken:,} / {meetup.capacity:,}"


def _told(came: MeetupSummaryOut, language: Language) -> dict[str, str]:
    """What came of it; what is withheld because it is of few people is said to be so."""
    few = translate(mark("too few to be told"), language)
    unsaid = translate(mark("not told yet"), language) if came.feedback_from > now() else few
    feedback = (
        unsaid
        if came.feedback is None
        else translate(
            mark("yes {yes}, partly {partly}, no {no}"),
            language,
            **came.feedback.model_dump(include={"yes", "partly", "no"}),
        )
    )
    return {
        mark("people there"): few if came.people is None else f"{came.people:,}",
        mark("useful"): feedback,
        mark("tandems begun"): few if came.tandems is None else f"{came.tandems:,}",
    }
