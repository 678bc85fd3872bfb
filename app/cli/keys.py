"""`tandem key ...`: API keys, made, listed, rotated, revoked. A key is printed once, alone on standard output."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate, KeyOut
from app.access.service import SYSTEM
from app.cli.terminal import Lang, company_named, listing, out, reading, tell, writing
from app.core.clock import now
from app.core.i18n import mark
from app.core.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="API keys.")

_MOST = 10_000


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    company: Annotated[str | None, typer.Option(help="Name or id, for coordinator and portal keys.")] = None,
    person: Annotated[str | None, typer.Option(help="Id, for manager and participant keys.")] = None,
    label: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    read_only: Annotated[bool, typer.Option("--read-only", help="The key may not change anything.")] = False,
    expires_in_days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="From when on it is not accepted any more.")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Make a key; prints it, once and never again."""
    with writing() as session:
        wish = KeyCreate(
            role=role,
            label=label,
            read_only=read_only,
            company_id=company_named(session, company).id if company else None,
            person_id=person,
            expires_at=now() + timedelta(days=expires_in_days) if expires_in_days else None,
        )
        made = access.create_key(session, SYSTEM, wish, get_settings().key_pepper.get_secret_value())
    typer.echo(made.plain)


@app.command("list")
def list_keys(
    company: Annotated[str | None, typer.Option(help="Only of this company: name or id.")] = None, lang: Lang = "en"
) -> None:
    """Keys by the readable start of each, never with their secrets."""
    table = listing("id", "prefix", "role", "label", "status", "expires")
    moment = now()
    with reading() as session:
        owner = company_named(session, company) if company else None
        found = (
            access.page_of_company(session, owner.id, after=None, limit=_MOST)
            if owner
            else access.page(session, SYSTEM, after=None, limit=_MOST)
        )
        for key in found:
            shown = KeyOut.of(key, moment)
            role = f"{shown.role.value} (reads only)" if shown.read_only else shown.role.value
            expires = f"{shown.expires_at:%Y-%m-%d}" if shown.expires_at else ""
            table.add_row(shown.id, shown.prefix, role, escape(shown.label), shown.status.value, expires)
    out.print(table)


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="Id of the key, see `tandem key list`.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="How long the old secret works on; 0 stops it at once.")
    ] = 24,
    lang: Lang = "en",
) -> None:
    """Give a key a new secret; prints it, once and never again."""
    pepper = get_settings().key_pepper.get_secret_value()
    with writing() as session:
        made = access.rotate(session, SYSTEM, key_id, timedelta(hours=overlap_hours), pepper)
    typer.echo(made.plain)
    tell(mark("The old secret works for another {hours} hours."), lang, hours=overlap_hours)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, see `tandem key list`.")], lang: Lang = "en"
) -> None:
    """Stop a key at once."""
    with writing() as session:
        access.revoke(session, SYSTEM, key_id)
    tell(mark("{key_id} is revoked."), lang, key_id=key_id)
