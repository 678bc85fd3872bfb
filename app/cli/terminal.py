"""What all commands share: where they speak and in which language, their database, and how they say no."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from typer.core import TyperGroup

from app.access.models import Role
from app.access.service import SYSTEM, Caller
from app.companies import service as companies
from app.companies.models import Company
from app.core import logs, migrations, validation
from app.core.database import Database
from app.core.errors import Problem
from app.core.i18n import Language, mark, translate
from app.core.settings import get_settings
from app.tandems.schemas import ReasonOut

out = Console()
notes = Console(stderr=True)

_LANGUAGE = "tandem.language"


class Refused(Exception):
    """A command cannot do what it is asked: a marked text, and its values."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


class Commands(TyperGroup):
    """The whole command line. What is refused is told in one line on standard error; then the exit code is 2."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's own Context is not typer.Context
        try:
            return super().invoke(ctx)
        except (Refused, Problem, ValidationError, DBAPIError, OSError) as problem:
            if isinstance(problem, BrokenPipeError):
                raise
            refuse(_in_words(problem, ctx.meta.get(_LANGUAGE, "en")), ctx.meta.get(_LANGUAGE, "en"))


def _remember(ctx: typer.Context, language: Language) -> Language:
    ctx.meta[_LANGUAGE] = language
    return language


Lang = Annotated[
    Language,
    typer.Option(
        "--lang", envvar="TANDEM_LANG", callback=_remember, help="Language of what is told: English or German."
    ),
]


OfCompany = Annotated[str | None, typer.Option("--company", help="Only of this company: name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def refuse(problem: str, language: Language) -> NoReturn:
    """Say no, in one line, and end with 2."""
    word = translate(mark("error:"), language)
    line = " ".join(problem.split())
    notes.print(f"[red]{word}[/red] {escape(line)}", highlight=False, soft_wrap=True)
    raise typer.Exit(2)


def tell(text: str, language: Language, **values: object) -> None:
    """Say something beside the result, on standard error: a marked text and its values."""
    notes.print(escape(translate(text, language, **values)), highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def headings(language: Language, *texts: str) -> list[str]:
    """Marked texts as the columns of a table."""
    return [translate(text, language) for text in texts]


def told_with_share(reason: ReasonOut) -> str:
    """A reason with its part of the similarity; differences have none."""
    return f"{reason.text} ({reason.share:.0%})" if reason.share else reason.text


def listing(*columns: str) -> Table:
    """A table whose first column, the ids, is never cut: it is what people copy."""
    return Table(Column(columns[0], no_wrap=True), *columns[1:])


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings, a SQLite file at its newest version."""
    settings = get_settings()
    # A person is told by tables and bars; lines of a log between them only when something is looked for.
    logs.configure("debug" if settings.log_level == "debug" else "warning")
    if settings.on_sqlite:
        migrations.upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def writing() -> Iterator[Session]:
    """A session whose changes are all stored, or none where something is refused."""
    with opened() as database, database.session() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    with opened() as database, database.reader() as session:
        yield session


def company_named(session: Session, name_or_id: str) -> Company:
    """The company with this name or id. Raises Refused."""
    found = companies.named(session, name_or_id)
    if found is None:
        raise Refused(mark("There is no company {name}. List them with: tandem company list"), name=name_or_id)
    return found


def sees_as(company_id: str) -> Caller:
    """The company itself, reading: a list is then of what is its own, and masked for it where the API masks."""
    return Caller(Role.PORTAL, SYSTEM.key_id, read_only=True, company_id=company_id)


def _in_words(problem: Exception, language: Language) -> str:
    match problem:
        case Refused():
            return translate(problem.text, language, **problem.values)
        case Problem():
            return problem.told(language)
        case ValidationError():
            return "; ".join(_finding(one, language) for one in problem.errors(include_url=False))
        case DBAPIError():
            reason = str(problem.orig).partition("\n")[0]
            return translate(
                mark("The database does not do that: {reason}. Is its address right, and did `tandem migrate` run?"),
                language,
                reason=reason,
            )
        case _:
            return str(problem)


def _finding(finding: Any, language: Language) -> str:
    where = ".".join(str(step) for step in finding["loc"])
    known = finding["type"] in validation.MESSAGES
    said = validation.message(finding, language) if known else str(finding["msg"])
    return f"{where}: {said}" if where else said
