"""`tandem ...`: serve, work, companies, keys, imports, exports, rounds, tandems, meetups, messages, discovery."""

import typer

from app.cli import (
    companies,
    demo,
    discovery,
    events,
    exporting,
    imports,
    keys,
    meetups,
    messages,
    people,
    retention,
    rounds,
    serving,
    tandems,
)
from app.cli.terminal import Commands

app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_show_locals=False
)
app.command()(serving.serve)
app.command()(serving.worker)
app.command()(serving.migrate)
app.add_typer(companies.app, name="company")
app.add_typer(keys.app, name="key")
app.add_typer(people.app, name="person")
app.add_typer(imports.app, name="import")
app.add_typer(exporting.app, name="export")
app.add_typer(rounds.app, name="round")
tandems.app.command("export")(exporting.export_tandems)
app.add_typer(tandems.app, name="tandem")
app.add_typer(meetups.app, name="meetup")
app.add_typer(messages.app, name="message")
app.add_typer(messages.webhooks, name="webhook")
app.add_typer(events.app, name="event")
app.command()(discovery.search)
app.command()(discovery.related)
app.command()(retention.retention)
app.command("demo")(demo.run_demo)
