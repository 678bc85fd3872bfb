"""`tandem ...`: serve, work, migrate, companies, keys, and the demonstration."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate, KeyOut
from app.access.service import SYSTEM
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core import logs, migrations
from app.core.clock import now
from app.core.database import Database
from app.core.errors import Problem
from app.core.i18n import Language
from app.core.processes import Supervisor, port_is_free
from app.core.settings import Settings, get_settings
from app.demo import data
from app.demo import service as demo
from app.rounds.models import Round, RoundStatus
from app.rounds.schemas import ProposalOut

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_show_locals=False)
company_app = typer.Typer(no_args_is_help=True, help="Participating companies.")
key_app = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(company_app, name="company")
app.add_typer(key_app, name="key")

out = Console()
notes = Console(stderr=True)

_SHOWN = 20


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    worker: Annotated[bool, typer.Option(help="Also run a worker.")] = True,
    migrate_first: Annotated[
        bool, typer.Option("--migrate/--no-migrate", help="Bring a SQLite file up to date first.")
    ] = True,
) -> None:
    """Run the service: one API process and one worker, restarted when they end."""
    settings = get_settings()
    logs.configure(settings.log_level)
    if settings.on_sqlite and migrate_first:
        migrations.upgrade(settings.database_url)
    raise typer.Exit(_supervise(settings, host or settings.host, port or settings.port, worker=worker))


@app.command()
def worker() -> None:
    """Run one worker: match rounds, imports and other background work."""
    from app.worker import main

    raise typer.Exit(main())


@app.command()
def migrate() -> None:
    """Bring the database to the newest version."""
    migrations.upgrade(get_settings().database_url)
    notes.print("The database is up to date.")


@company_app.command("add")
def add_company(
    name: str,
    sector: Annotated[str, typer.Option(help="One word, lower case: automotive, health, software.")],
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "Europe/Berlin",
    invite_only: Annotated[bool, typer.Option(help="Do not activate it yet.")] = False,
) -> None:
    """Add a company, active at once; prints its id."""
    with _writing() as session:
        company = companies.create(session, SYSTEM, CompanyCreate(name=name, sector=sector, time_zone=time_zone))
        if not invite_only:
            companies.activate(session, SYSTEM, company.id)
    typer.echo(company.id)


@company_app.command("list")
def list_companies() -> None:
    """All companies."""
    table = Table("id", "name", "sector", "status")
    with _writing() as session:
        for company in companies.page(session, SYSTEM, after=None, limit=10_000):
            table.add_row(company.id, company.name, company.sector, company.status.value)
    out.print(table)


@key_app.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    company: Annotated[str | None, typer.Option(help="Name or id, for coordinator and portal keys.")] = None,
    person: Annotated[str | None, typer.Option(help="Id, for manager and participant keys.")] = None,
    label: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    read_only: Annotated[bool, typer.Option(help="The key may not change anything.")] = False,
) -> None:
    """Make a key; prints it, once and never again."""
    settings = get_settings()
    with _writing() as session:
        found = companies.by_name(session, company) if company else None
        wish = KeyCreate(
            role=role,
            label=label,
            read_only=read_only,
            company_id=found.id if found else company,
            person_id=person,
        )
        made = access.create_key(session, SYSTEM, wish, settings.key_pepper.get_secret_value())
    typer.echo(made.plain)


@key_app.command("list")
def list_keys() -> None:
    """All keys, by prefix."""
    table = Table("id", "prefix", "role", "label", "status")
    moment = now()
    with _writing() as session:
        for key in access.page(session, SYSTEM, after=None, limit=10_000):
            shown = KeyOut.of(key, moment)
            table.add_row(shown.id, shown.prefix, shown.role.value, shown.label, shown.status.value)
    out.print(table)


@key_app.command("revoke")
def revoke_key(key_id: str) -> None:
    """Stop a key at once."""
    with _writing() as session:
        access.revoke(session, SYSTEM, key_id)
    notes.print(f"{key_id} is revoked.")


@app.command("demo")
def run_demo(
    folder: Annotated[
        Path | None, typer.Option("--data", help="A folder with profiles.jsonl instead of the example data.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", envvar="ONCE", help="End after the table.")] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    lang: Annotated[str, typer.Option(help="Language of the reasons: de or en.")] = "en",
) -> None:
    """Load example data, run a match round, show the best tandems with their reasons, then serve."""
    settings = _demo_settings(folder)
    logs.configure("warning")
    listen_at = port or settings.port
    if not once and not port_is_free(settings.host, listen_at):
        _refuse(f"Port {listen_at} is in use. Stop what listens there, or choose another: tandem demo --port 8001")
    language: Language = "de" if lang == "de" else "en"
    migrations.upgrade(settings.database_url)
    database = Database(settings.database_url)
    match_round = _demonstrate(database, settings, folder, language)
    best = demo.best(database, match_round.id, _SHOWN, language)
    keys = None if once else demo.make_keys(database, settings.key_pepper.get_secret_value())
    database.dispose()
    _show(match_round, best)
    if keys is None:
        return
    address = f"http://{settings.host}:{listen_at}"
    out.print(f"\n[bold]Open {address}/docs[/bold] and press Authorize with one of these keys:")
    out.print(f"  organizer                  {keys.organizer}", soft_wrap=True, highlight=False)
    out.print(f"  portal of {keys.portal_company}: {keys.portal}", soft_wrap=True, highlight=False)
    out.print("\nAll tandems of the round:")
    out.print(
        f"  curl -H 'Authorization: Bearer {keys.organizer}' {address}/v1/rounds/{match_round.id}/proposals",
        soft_wrap=True,
        highlight=False,
    )
    out.print("\nCtrl-C stops the service; the data stays.")
    sys.stdout.flush()
    raise typer.Exit(_supervise(settings, settings.host, listen_at, worker=True))


def _demonstrate(database: Database, settings: Settings, folder: Path | None, language: Language) -> Round:
    # Imported here: the worker brings the engine, which the other commands do not need.
    from app.worker import Worker
    from matching.exceptions import MatchingError

    try:
        demo_companies = data.from_folder(folder) if folder else data.example()
    except MatchingError as error:
        _refuse(error)
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


def _show(match_round: Round, proposals: list[ProposalOut]) -> None:
    if match_round.status is not RoundStatus.PROPOSED:
        _refuse(f"The round ended as {match_round.status.value}: {match_round.problem}")
    table = Table(title=f"The best {len(proposals)} of {match_round.proposals} tandems", show_lines=True, expand=True)
    table.add_column("similarity", justify="right", no_wrap=True)
    table.add_column("community", ratio=3)
    table.add_column("and its partner", ratio=3)
    table.add_column("why", ratio=5)
    for one in proposals:
        reasons = "\n".join(f"{reason.text} ({reason.share:.0%})" for reason in one.reasons)
        table.add_row(
            f"{one.similarity:.2f}",
            f"{escape(one.a.name)}\n[dim]{escape(one.a.company)}[/dim]",
            f"{escape(one.b.name)}\n[dim]{escape(one.b.company)}[/dim]",
            escape(reasons),
        )
    out.print(table)
    out.print(
        f"{match_round.communities} communities, {match_round.proposals} tandems; {match_round.unmatched} stayed "
        "alone, each is told why at /v1/rounds/{id}/unmatched."
    )


def _demo_settings(folder: Path | None) -> Settings:
    """A database of its own for each set of data, unless the environment names one."""
    if "TANDEM_DATABASE_URL" in os.environ:
        return get_settings()
    name = (
        "demo" if folder is None else "demo-" + re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    )
    return Settings(database_url=f"sqlite:///var/{name}.db")


def _supervise(settings: Settings, host: str, port: int, *, worker: bool) -> int:
    if not port_is_free(host, port):
        _refuse(f"Port {port} on {host} is in use. Stop what listens there, or choose another with --port.")
    api = [sys.executable, "-m", "uvicorn", "app.main:create_app", "--factory", "--no-access-log"]
    api += ["--host", host, "--port", str(port), "--log-level", "warning"]
    commands = {"api": api}
    if worker:
        commands["worker"] = [sys.executable, "-m", "app.worker"]
    environment = {"TANDEM_DATABASE_URL": settings.database_url}
    return Supervisor(commands, niceness={"worker": 10}, environment=environment).run()


@contextmanager
def _writing() -> Iterator[Session]:
    """A session on the database of the settings; what is refused is told, and nothing is stored."""
    settings = get_settings()
    logs.configure(settings.log_level)
    if settings.on_sqlite:
        migrations.upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        with database.session() as session:
            yield session
    except (Problem, ValidationError) as problem:
        _refuse(problem)
    finally:
        database.dispose()


def _refuse(problem: Exception | str) -> NoReturn:
    notes.print(f"[red]error:[/red] {escape(str(problem))}", highlight=False)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
