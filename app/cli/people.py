"""`tandem person ...`: what is stored of a person, to take along or to be erased."""

import sys
from typing import Annotated

import typer

from app.access.service import SYSTEM
from app.cli.terminal import Lang, opened, tell, writing
from app.core.i18n import mark
from app.core.settings import get_settings
from app.privacy import people

app = typer.Typer(no_args_is_help=True, help="A person's own data: `export` and `erase`.")

PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person.")]


@app.command()
def export(person: PersonId, lang: Lang = "en") -> None:
    """Print everything that is stored of a person, one JSON object a line."""
    with opened() as database:
        for line in people.export(database, SYSTEM, person):
            sys.stdout.buffer.write(line)


@app.command()
def erase(
    person: PersonId,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be undone.")] = False,
    lang: Lang = "en",
) -> None:
    """Erase a person: address, name, keys and what waits to be sent to it."""
    if not yes:
        tell(mark("Nothing was erased. It cannot be undone: say --yes if you are sure."), lang)
        raise typer.Exit(2)
    with writing() as session:
        people.erase(session, SYSTEM, person, get_settings())
    tell(mark("{person_id} is erased."), lang, person_id=person)
