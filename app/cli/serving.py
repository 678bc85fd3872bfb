"""`tandem serve`, `worker` and `migrate`: the processes of the service and the version of its database."""

import sys
from typing import Annotated

import typer

from app.cli.terminal import Lang, Refused, tell
from app.core import logs, migrations
from app.core.i18n import Language, mark
from app.core.processes import Supervisor, port_is_free
from app.core.settings import Settings, get_settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    worker: Annotated[bool, typer.Option(help="Also run a worker.")] = True,
    migrate_first: Annotated[
        bool, typer.Option("--migrate/--no-migrate", help="Bring a SQLite file up to date first.")
    ] = True,
    lang: Lang = "en",
) -> None:
    """Run the service: one API process and one worker, restarted when they end."""
    settings = get_settings()
    logs.configure(settings.log_level)
    if settings.on_sqlite and migrate_first:
        migrations.upgrade(settings.database_url)
    tell_where_mails_go(settings, lang)
    raise typer.Exit(supervise(settings, host or settings.host, port or settings.port, worker=worker))


def worker() -> None:
    """Run one worker: match rounds, imports and other background work."""
    from app.worker import main

    raise typer.Exit(main())


def migrate(lang: Lang = "en") -> None:
    """Bring the database to the newest version."""
    migrations.upgrade(get_settings().database_url)
    tell(mark("The database is up to date."), lang)


def tell_where_mails_go(settings: Settings, language: Language) -> None:
    """Say so where they do not go out."""
    if settings.smtp_host is None:
        folder = settings.mail_folder.absolute()
        tell(mark("Mails land as files in {folder}; set TANDEM_SMTP_HOST to send them."), language, folder=folder)


def supervise(settings: Settings, host: str, port: int, *, worker: bool) -> int:
    """Keep the processes of the service running until they are to stop. Raises Refused where the port is taken."""
    if not port_is_free(host, port):
        raise Refused(
            mark("Port {port} on {host} is in use. Stop what listens there, or choose another with --port."),
            port=port,
            host=host,
        )
    api = [sys.executable, "-m", "uvicorn", "app.main:create_app", "--factory", "--no-access-log"]
    # Streams of events would otherwise keep it from ending.
    api += ["--timeout-graceful-shutdown", "5"]
    api += ["--host", host, "--port", str(port), "--log-level", "warning"]
    commands = {"api": api}
    if worker:
        commands["worker"] = [sys.executable, "-m", "app.worker"]
    environment = {"TANDEM_DATABASE_URL": settings.database_url}
    return Supervisor(commands, niceness={"worker": 10}, environment=environment).run()
