"""`tandem demo`: example data, a match round, the best tandems with their reasons, then the service."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from app.cli.proposing import how_sure
from app.cli.serving import supervise, tell_where_mails_go
from app.cli.terminal import Lang, Refused, notes, out, told_with_share
from app.core import logs, migrations
from app.core.database import Database
from app.core.i18n import Language, mark
from app.core.processes import port_is_free
from app.core.settings import Settings, get_settings
from app.demo import data, meetup
from app.demo import service as demo
from app.rounds.models import Round
from app.rounds.schemas_proposals import ProposalOut

_SHOWN = 20


def run_demo(
    folder: Annotated[
        Path | None, typer.Option("--data", help="A folder with profiles.jsonl instead of the example data.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", envvar="ONCE", help="End after the table.")] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    lang: Lang = "en",
) -> None:
    """Load example data, run a match round, show the best tandems with their reasons, then serve."""
    settings = _demo_settings(folder)
    logs.configure("warning")
    listen_at = port or settings.port
    if not once and not port_is_free(settings.host, listen_at):
        raise Refused(
            mark("Port {port} on {host} is in use. Stop what listens there, or choose another with --port."),
            port=listen_at,
            host=settings.host,
        )
    migrations.upgrade(settings.database_url)
    database = Database(settings.database_url)
    match_round = _demonstrate(database, settings, folder, lang)
    best = demo.best(database, match_round.id, _SHOWN, lang)
    address = f"http://{settings.host}:{listen_at}"
    seated = None if folder else _seated(database, settings.model_copy(update={"public_url": address}))
    keys = None if once else demo.make_keys(database, settings.key_pepper.get_secret_value())
    database.dispose()
    _show(match_round, best)
    if seated is not None:
        out.print(f"A meetup to come seats {seated.people} people at {seated.tables} tables, three times anew.")
    if keys is None:
        return
    out.print(f"\n[bold]Open {address}/docs[/bold] and press Authorize with one of these keys:")
    out.print(f"  organizer                  {keys.organizer}", soft_wrap=True, highlight=False)
    out.print(f"  portal of {keys.portal_company}: {keys.portal}", soft_wrap=True, highlight=False)
    out.print("\nAll tandems of the round:")
    out.print(
        f"  curl -H 'Authorization: Bearer {keys.organizer}' {address}/v1/rounds/{match_round.id}/proposals",
        soft_wrap=True,
        highlight=False,
    )
    if seated is not None:
        out.print("\nThe meetup as everybody sees it, and the cards for its tables:")
        out.print(f"  {seated.page}\n  {seated.cards}", soft_wrap=True, highlight=False)
    tell_where_mails_go(settings, lang)
    out.print("\nCtrl-C stops the service; the data stays.")
    sys.stdout.flush()
    raise typer.Exit(supervise(settings, settings.host, listen_at, worker=True))


def _demonstrate(database: Database, settings: Settings, folder: Path | None, language: Language) -> Round:
    # Imported here: the worker brings the engine, which the other commands do not need.
    from app.worker import Worker
    from matching.exceptions import MatchingError

    try:
        demo_companies = data.from_folder(folder) if folder else data.example()
    except MatchingError as error:
        raise Refused("{reason}", reason=error) from error
    work = Worker(database, settings).run_until_idle
    count = sum(len(one.rows) for one in demo_companies)
    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TaskProgressColumn(), console=notes, transient=True
    ) as bars:
        loading = bars.add_task("loading", total=1.0)
        changed, refused = demo.load(
            database,
            demo_companies,
            work,
            lambda share, name: bars.update(loading, completed=share, description=f"loading {name}"),
        )
        pairing = bars.add_task("match round", total=1.0)
        match_round = demo.run_round(
            database,
            anew=changed > 0,
            language=language,
            work=work,
            on_progress=lambda share, stage: bars.update(pairing, completed=share, description=stage),
        )
    notes.print(
        f"{count} profiles of {len(demo_companies)} companies, {changed} new or changed since last time, {refused} "
        "refused; those that tell a theme are published."
    )
    return match_round


def _seated(database: Database, settings: Settings) -> meetup.Shown | None:
    from app.worker import Worker

    with notes.status("seating people at a meetup"):
        return meetup.hold_ready(database, settings, Worker(database, settings).run_until_idle)


def _show(match_round: Round, proposals: list[ProposalOut]) -> None:
    if match_round.run == 0:
        raise Refused(
            mark("The round ended as {status}: {problem}"),
            status=match_round.status.value,
            problem=match_round.problem,
        )
    table = Table(title=f"The best {len(proposals)} of {match_round.proposals} tandems", show_lines=True, expand=True)
    table.add_column("how sure", no_wrap=True)
    table.add_column("similarity", justify="right", no_wrap=True)
    table.add_column("community", ratio=3)
    table.add_column("and its partner", ratio=3)
    table.add_column("why", ratio=5)
    for one in proposals:
        reasons = "\n".join(told_with_share(reason) for reason in one.reasons)
        table.add_row(
            how_sure(one),
            f"{one.similarity:.2f}",
            f"{escape(one.a.name)}\n[dim]{escape(one.a.company)}[/dim]",
            f"{escape(one.b.name)}\n[dim]{escape(one.b.company)}[/dim]",
            escape(reasons),
        )
    out.print(table)
    out.print(
        f"{match_round.communities} communities, {match_round.proposals} tandems; {match_round.unmatched} stayed "
        "alone, each is told why at /v1/rounds/{id}/unmatched. "
        f"Good tandems expected: {match_round.expected or 0:.0f}."
    )


def _demo_settings(folder: Path | None) -> Settings:
    """A database of its own for each set of data, unless the environment names one."""
    if "TANDEM_DATABASE_URL" in os.environ:
        return get_settings()
    name = (
        "demo" if folder is None else "demo-" + re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    )
    return Settings(database_url=f"sqlite:///var/{name}.db")
