"""`tandem tandem ...`: who meets whom, since when; never whom to write to."""

from typing import Annotated

import typer
from rich.markup import escape

from app.access.service import SYSTEM
from app.cli.terminal import (
    AsJson,
    Lang,
    OfCompany,
    company_named,
    headings,
    listing,
    out,
    print_json,
    reading,
    sees_as,
)
from app.core.i18n import mark
from app.tandems import queries_tandems
from app.tandems.schemas import TandemCommunity
from app.tandems.viewing import tandems_shown

app = typer.Typer(no_args_is_help=True, help="Tandems: `list`, and `export` for all of them.")


@app.command("list")
def list_tandems(
    company: OfCompany = None,
    every: Annotated[bool, typer.Option("--all/--open", help="Closed ones too, or those that go on.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """Tandems that go on, newest first."""
    with reading() as session:
        caller = sees_as(company_named(session, company).id) if company else SYSTEM
        found = queries_tandems.page(session, caller, is_open=None if every else True, after=None, limit=limit)
        shown = tandems_shown(session, SYSTEM, found[:limit])
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in shown]})
        return
    table = listing("id", *headings(lang, mark("communities"), mark("state"), mark("since"), mark("until")))
    for one in shown:
        sides = (one.pair.a, one.pair.b) if one.pair else ()
        table.add_row(
            one.id,
            "\n".join(_named(side) for side in sides),
            one.status.value,
            f"{one.started_at:%Y-%m-%d}",
            f"{one.closed_at:%Y-%m-%d}" if one.closed_at else "",
        )
    out.print(table)


def _named(side: TandemCommunity) -> str:
    return f"{escape(side.name)}, [dim]{escape(side.company)}[/dim]"
