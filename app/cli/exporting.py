"""`tandem export ...`: whole lists as CSV, NDJSON or JSON, page by page, however long they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

import typer
from sqlmodel import Session

from app.access.service import SYSTEM, Caller
from app.cli.files import written_to
from app.cli.terminal import Lang, OfCompany, company_named, reading, sees_as, told_with_share
from app.communities import queries as community_queries
from app.communities import service as communities
from app.communities.models import CommunityStatus
from app.communities.schemas import CommunityOut
from app.companies import service as companies
from app.companies.models import CompanyStatus
from app.core.i18n import Language
from app.core.schemas import Output
from app.imports import writing
from app.people import service as people
from app.people.schemas import PersonOut
from app.rounds import queries as round_queries
from app.rounds import service as rounds
from app.rounds import telling
from app.rounds.models import Round
from app.rounds.schemas_proposals import ProposalOut
from app.tandems import queries_tandems
from app.tandems.schemas import TandemOut
from app.tandems.viewing import tandems_shown

app = typer.Typer(no_args_is_help=True, help="Lists as CSV, NDJSON or JSON, to a file or to standard output.")

PAGE = 500
_MOST = 10_000

Item = TypeVar("Item", bound=Output)
Row = TypeVar("Row")
Key = TypeVar("Key", str, int)

OutputFormat = Annotated[
    Literal["csv", "ndjson", "json"],
    typer.Option("--format", help="NDJSON (one object a line) and JSON (one array) are what the API answers."),
]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Left out: standard output.")]
ForExcel = Annotated[bool, typer.Option("--excel", help="CSV with a byte order mark, by which Excel knows UTF-8.")]
Separator = Annotated[
    Literal["comma", "semicolon", "tab"], typer.Option(help="Between columns; German Excel wants semicolon.")
]

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class CompanyLine(Output):
    """A company, as much as a list needs."""

    id: str
    name: str
    sector: str
    status: CompanyStatus


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """What is written: items one after the other, and how each becomes a row."""

    items: Iterator[Item]
    columns: Sequence[str]
    row: Callable[[Item], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how it is written."""

    file: Path | None
    file_format: str
    excel: bool
    separator: str

    def write(self, listing: Listing[Item]) -> None:
        csv = self.file_format == "csv"
        encoding = "utf-8-sig" if csv and self.excel else "utf-8"
        with written_to(self.file, encoding=encoding, separator=_SEPARATORS[self.separator]) as (stream, writer):
            objects = (item.model_dump_json(by_alias=True) for item in listing.items)
            match self.file_format:
                case "csv":
                    writer.writerow(listing.columns)
                    writer.writerows(listing.row(item) for item in listing.items)
                case "json":
                    stream.write("[")
                    stream.writelines(f"{',' if number else ''}\n{one}" for number, one in enumerate(objects))
                    stream.write("\n]\n")
                case _:
                    stream.writelines(f"{one}\n" for one in objects)


@app.command("communities")
def export_communities(
    company: OfCompany = None,
    source: Annotated[
        str | None, typer.Option(help="Only of this source; `tandem import` takes the CSV back.")
    ] = None,
    status: Annotated[CommunityStatus | None, typer.Option(help="Only in this state.")] = None,
    file_format: OutputFormat = "csv",
    out: OutFile = None,
    excel: ForExcel = False,
    separator: Separator = "comma",
    lang: Lang = "en",
) -> None:
    """Communities with every field, contacts included. An import reads the CSV back."""
    with reading() as session:
        company_id = company_named(session, company).id if company else None
        Target(out, file_format, excel, separator).write(_communities(session, company_id, source, status))


@app.command("companies")
def export_companies(
    sector: Annotated[str | None, typer.Option(help="Only of this sector.")] = None,
    status: Annotated[CompanyStatus | None, typer.Option(help="Only in this state.")] = None,
    file_format: OutputFormat = "csv",
    out: OutFile = None,
    excel: ForExcel = False,
    separator: Separator = "comma",
    lang: Lang = "en",
) -> None:
    """Companies: id, name, sector and status, nothing else."""
    with reading() as session:
        lines = (
            CompanyLine.model_validate(one)
            for one in _pages(
                lambda after: companies.page(session, SYSTEM, after=after, limit=PAGE), lambda one: one.id
            )
            if sector in (None, one.sector) and status in (None, one.status)
        )
        Target(out, file_format, excel, separator).write(_as_it_is(CompanyLine, lines))


@app.command("people")
def export_people(
    company: OfCompany = None,
    file_format: OutputFormat = "csv",
    out: OutFile = None,
    excel: ForExcel = False,
    separator: Separator = "comma",
    lang: Lang = "en",
) -> None:
    """People who speak for communities: address, first name, language, status."""
    with reading() as session:
        company_id = company_named(session, company).id if company else None
        found = _pages(
            lambda after: people.page(session, company_id=company_id, after=after, limit=PAGE), lambda one: one.id
        )
        Target(out, file_format, excel, separator).write(
            _as_it_is(PersonOut, (PersonOut.model_validate(one) for one in found))
        )


@app.command("proposals")
def export_proposals(
    match_round: Annotated[str, typer.Option("--round", help="Id of a round that has proposals.")],
    company: OfCompany = None,
    file_format: OutputFormat = "csv",
    out: OutFile = None,
    excel: ForExcel = False,
    separator: Separator = "comma",
    lang: Lang = "en",
) -> None:
    """Proposals of a round with their reasons, the likeliest to be good ones first. For organizers."""
    with reading() as session:
        company_id = company_named(session, company).id if company else None
        found = rounds.get_with_proposals(session, SYSTEM, match_round)
        Target(out, file_format, excel, separator).write(_proposals(session, found, company_id, lang))


@app.command("tandems")
def export_tandems(
    company: OfCompany = None,
    every: Annotated[bool, typer.Option("--all/--open", help="Closed ones too, or those that go on.")] = True,
    file_format: OutputFormat = "csv",
    out: OutFile = None,
    excel: ForExcel = False,
    separator: Separator = "comma",
    lang: Lang = "en",
) -> None:
    """Tandems: both communities with their companies, status, since when. Never contacts."""
    with reading() as session:
        seen_by = sees_as(company_named(session, company).id) if company else SYSTEM
        Target(out, file_format, excel, separator).write(_tandems(session, seen_by, None if every else True))


def _communities(
    session: Session, company_id: str | None, source: str | None, status: CommunityStatus | None
) -> Listing[CommunityOut]:
    names = {one.id: one.name for one in companies.page(session, SYSTEM, after=None, limit=_MOST)}
    most = community_queries.most_managers(session, company_id)

    def items() -> Iterator[CommunityOut]:
        after: str | None = None
        while page := community_queries.page(
            session, SYSTEM, company_id=company_id, status=status, source=source, after=after, limit=PAGE
        ):
            yield from communities.shown(session, SYSTEM, page[:PAGE])
            if len(page) <= PAGE:
                return
            after = page[PAGE - 1].id

    return Listing(
        items(),
        writing.columns(*most),
        lambda community: writing.row(community, names[community.company_id], *most),
    )


def _proposals(
    session: Session, match_round: Round, company_id: str | None, language: Language
) -> Listing[ProposalOut]:
    def items() -> Iterator[ProposalOut]:
        after: int | None = None
        while page := round_queries.proposals(session, match_round, after=after, limit=PAGE):
            for shown in telling.proposals_shown(session, match_round, page[:PAGE], language):
                if company_id in (None, shown.a.company_id, shown.b.company_id):
                    yield shown
            if len(page) <= PAGE:
                return
            after = page[PAGE - 1].rank

    def row(one: ProposalOut) -> list[str]:
        sides = [cell for side in (one.a, one.b) for cell in (side.id, side.name, side.company_id, side.company)]
        alternates = [
            "|".join(further.community.name for further in more)
            for more in (one.alternates_of_a, one.alternates_of_b)
        ]
        reasons = "|".join(told_with_share(reason) for reason in one.reasons)
        sure = [
            "" if one.probability is None else f"{one.probability:.4f}",
            one.strength.kind if one.strength else "",
        ]
        cells = [one.id, f"{one.similarity:.4f}", *sure, *sides, reasons, f"{one.other:.4f}", *alternates]
        return [writing.guarded(cell) for cell in cells]

    columns = [f"{side}_{part}" for side in ("a", "b") for part in ("id", "name", "company_id", "company")]
    columns = [
        "id",
        "similarity",
        "probability",
        "strength",
        *columns,
        "reasons",
        "other",
        "alternates_of_a",
        "alternates_of_b",
    ]
    return Listing(items(), columns, row)


def _tandems(session: Session, seen_by: Caller, is_open: bool | None) -> Listing[TandemOut]:
    def items() -> Iterator[TandemOut]:
        after: str | None = None
        while page := queries_tandems.page(session, seen_by, is_open=is_open, after=after, limit=PAGE):
            # As the operator sees them, whosesoever they are: both by name, and nobody's contacts.
            yield from tandems_shown(session, SYSTEM, page[:PAGE])
            if len(page) <= PAGE:
                return
            after = page[PAGE - 1].id

    def row(one: TandemOut) -> list[str]:
        sides = (one.pair.a, one.pair.b) if one.pair else ()
        parties = [cell for side in sides for cell in (side.community_id, side.name, side.company)]
        until = one.closed_at.isoformat() if one.closed_at else ""
        cells = [one.id, one.status.value, one.started_at.isoformat(), until, *parties]
        return [writing.guarded(cell) for cell in cells]

    columns = [f"{side}_{part}" for side in ("a", "b") for part in ("id", "name", "company")]
    return Listing(items(), ["id", "status", "started_at", "closed_at", *columns], row)


def _as_it_is(kind: type[Item], items: Iterator[Item]) -> Listing[Item]:
    """Every field is a column."""

    def row(item: Item) -> list[str]:
        values = item.model_dump(mode="json")
        return ["" if value is None else writing.guarded(str(value)) for value in values.values()]

    return Listing(items, list(kind.model_fields), row)


def _pages(page: Callable[[str | None], Sequence[Row]], key: Callable[[Row], str]) -> Iterator[Row]:
    """All rows of a list that is read page by page, each page one row longer than it is."""
    after: str | None = None
    while rows := page(after):
        yield from rows[:PAGE]
        if len(rows) <= PAGE:
            return
        after = key(rows[PAGE - 1])
