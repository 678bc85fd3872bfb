"""`tandem import ...`: a file is queued as through the API, worked on, and told: counts, refused rows, changes."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from typer.core import TyperGroup

from app.access.service import SYSTEM
from app.cli.following import LEFT, Left, Seen, follow
from app.cli.reporting import ENDED, report
from app.cli.terminal import Lang, Refused, company_named, listing, opened, out, reading, tell
from app.communities.schemas import Source
from app.core.clock import now
from app.core.database import Database
from app.core.i18n import Language, mark, translate
from app.core.settings import Settings, get_settings
from app.imports import queries, unpacking
from app.imports import service as imports
from app.imports.models import ImportFormat
from app.imports.schemas import ImportOut

_ENDINGS = {
    ".ndjson": ImportFormat.NDJSON,
    ".jsonl": ImportFormat.NDJSON,
    ".json": ImportFormat.JSON,
    ".csv": ImportFormat.CSV,
    ".tsv": ImportFormat.CSV,
}
_STANDARD_INPUT = "-"

Refusals = Annotated[
    Path | None, typer.Option("--refusals", metavar="FILE.csv", help="Write all refused rows into this file.")
]


class _FileFirst(TyperGroup):
    """`tandem import FILE` is short for `tandem import file FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named or not args else ["file", *args])


app = typer.Typer(
    cls=_FileFirst,
    no_args_is_help=True,
    help="Communities from a file: `tandem import FILE --company NAME --source SOURCE`. Earlier imports: `list`, "
    "`show`.",
)


@app.command("file")
def import_file(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="NDJSON, JSON or CSV, plain or .gz; - for standard input.")
    ],
    company: Annotated[str, typer.Option(help="Name or id of the company whose communities these are.")],
    source: Annotated[str, typer.Option(help="Your name for the system that the rows come from: intranet.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
    file_format: Annotated[
        ImportFormat | None, typer.Option("--format", help="Where the ending of the file does not tell it.")
    ] = None,
    refusals: Refusals = None,
    lang: Lang = "en",
) -> None:
    """Store the communities of a file. Ends with 0: all stored, 1: rows refused, 2: nothing done or not to its end.

    A running worker does the work; where there is none, this command does.
    """
    known_format = file_format or _format_of(file)
    source = _checked_source(source)
    with opened() as database:
        with database.reader() as session:
            owner = company_named(session, company)
        content = _content(file, get_settings())
        with database.session() as session:
            queued = imports.create(
                session,
                SYSTEM,
                content=content,
                file_format=known_format,
                source=source,
                company=owner.id,
                dry_run=dry_run,
            )
        try:
            follow(database, get_settings(), lambda: _seen(database, queued.id, lang))
        except Left:
            tell(
                mark(
                    "Stopped. The import stays in the queue, and a worker goes on with it: see `tandem import show "
                    "{import_id}`. Where none is running, start one: tandem worker"
                ),
                lang,
                import_id=queued.id,
            )
            raise typer.Exit(LEFT) from None
        with database.reader() as session:
            code = report(session, queued.id, refusals, lang)
    raise typer.Exit(code)


@app.command("show")
def show_import(
    import_id: Annotated[str, typer.Argument(help="Id of the import, see `tandem import list`.")],
    refusals: Refusals = None,
    lang: Lang = "en",
) -> None:
    """What an import did, or how far it is. Ends as the import did."""
    with reading() as session:
        code = report(session, import_id, refusals, lang)
    raise typer.Exit(code)


@app.command("list")
def list_imports(
    company: Annotated[str | None, typer.Option(help="Only of this company: name or id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    lang: Lang = "en",
) -> None:
    """Imports, newest first."""
    table = listing("id", "source", "when", "status", "rows")
    with reading() as session:
        owner = company_named(session, company).id if company else None
        found = queries.page(session, replace(SYSTEM, company_id=owner), after=None, limit=limit)[:limit]
        for one in imports.shown(session, found, lang):
            table.add_row(*_row(one))
    out.print(table)


def _seen(database: Database, import_id: str, language: Language) -> Seen:
    with database.reader() as session:
        [shown] = imports.shown(session, [imports.get(session, SYSTEM, import_id)], language)
    return Seen(shown.stage, shown.progress, shown.status in ENDED, _speed(shown, language))


def _speed(seen: ImportOut, language: Language) -> str:
    if seen.started_at is None or not seen.rows:
        return ""
    seconds = max(((seen.finished_at or now()) - seen.started_at).total_seconds(), 0.001)
    text = mark("{rows} rows, {speed} a second")
    return translate(text, language, rows=f"{seen.rows:,}", speed=f"{seen.rows / seconds:,.0f}")


def _row(one: ImportOut) -> tuple[str, ...]:
    return (
        one.id,
        escape(one.source),
        f"{one.created_at:%Y-%m-%d %H:%M}",
        f"{one.status.value} (dry run)" if one.dry_run else one.status.value,
        f"{one.rows:,} ({one.refused:,} refused)" if one.refused else f"{one.rows:,}",
    )


def _format_of(file: str) -> ImportFormat:
    name = Path(file).name.lower().removesuffix(".gz")
    found = _ENDINGS.get(Path(name).suffix)
    if found is None:
        raise Refused(
            mark("The name {file} does not tell its format. Say it: --format ndjson, json or csv"), file=file
        )
    return found


def _checked_source(source: str) -> str:
    try:
        checked: str = TypeAdapter(Source).validate_python(source)
    except ValidationError as error:
        raise Refused(
            mark("The source {source} is not a short name in lower case, like intranet or viva-engage."),
            source=source,
        ) from error
    return checked


def _content(file: str, settings: Settings) -> bytes:
    """The bytes of the file, as large as an import may be."""
    most = settings.max_import_bytes
    if file == _STANDARD_INPUT:
        content = sys.stdin.buffer.read(most + 1)
    else:
        path = Path(file)
        if path.is_dir():
            raise Refused(mark("{file} is a directory. Name one file."), file=file)
        if not path.exists():
            raise Refused(mark("There is no file {file}."), file=file)
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    if len(content) > most:
        raise Refused(
            mark("{file} has more than {most} bytes. Split it, or pack it with gzip."), file=file, most=most
        )
    if unpacking.is_packed(content) or (content and file.lower().endswith(".gz")):
        unpacking.check(content, settings.max_import_unpacked_bytes)
    return content
