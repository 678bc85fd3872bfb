"""`tandem event ...`: what happened and could not be acted on, and trying again once the cause is repaired."""

from typing import Annotated

import typer

from app.cli.terminal import Lang, Refused, headings, listing, out, reading, tell, writing
from app.core import events
from app.core.i18n import mark

app = typer.Typer(no_args_is_help=True, help="Events that were tried too often: `list`, and `retry`.")

_MOST = 10_000


@app.command("list")
def list_events(
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many.")] = 50, lang: Lang = "en"
) -> None:
    """Events that were given up, oldest first; why is in the log of the worker, by the id."""
    table = listing("id", *headings(lang, mark("what"), mark("about"), mark("since")))
    with reading() as session:
        for one in events.given_up(session, limit):
            table.add_row(one.id, one.kind, one.subject_id, f"{one.happened_at:%Y-%m-%d %H:%M}")
    out.print(table)


@app.command()
def retry(
    event_id: Annotated[str | None, typer.Argument(help="Id of the event; without, all that were given up.")] = None,
    lang: Lang = "en",
) -> None:
    """Try events that were given up again."""
    with writing() as session:
        count = events.try_again(session, event_id)
        if event_id is not None and not count:
            raise Refused(mark("There is no event {event_id} that was given up."), event_id=event_id)
    tell(mark("Events that are tried again as soon as a worker runs: {count}."), lang, count=count)
