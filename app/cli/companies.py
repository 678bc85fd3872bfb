"""`tandem company ...`: who takes part, what a company still has to fill in, how close two of them are."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from app.access.service import SYSTEM
from app.cli.terminal import Lang, company_named, listing, out, reading, tell, writing
from app.companies import proximity as closeness
from app.companies import service as companies
from app.companies.models import Company, Proximity
from app.companies.proximity import Standing
from app.companies.schemas import CompanyCreate, CompanyUpdate
from app.core.clock import now
from app.core.i18n import Language, mark, translate
from app.core.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="Participating companies.")

_MOST = 10_000

NameOrId = Annotated[str, typer.Argument(metavar="COMPANY", help="Name or id of the company.")]
Domains = Annotated[
    list[str] | None, typer.Option("--mail-domain", help="A mail domain of its people; repeat for several.")
]
Imprint = Annotated[str | None, typer.Option(help="Who is responsible, or the address of the imprint.")]
Notice = Annotated[str | None, typer.Option(help="The privacy notice, or its address.")]
_SECTOR = "One word, lower case: automotive, health, software."


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The company's name.")],
    sector: Annotated[str, typer.Option(help=_SECTOR)],
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "Europe/Berlin",
    mail_domain: Domains = None,
    imprint: Imprint = None,
    privacy_notice: Notice = None,
    invite_only: Annotated[bool, typer.Option("--invite-only", help="Do not activate it yet.")] = False,
    lang: Lang = "en",
) -> None:
    """Add a company, active at once where nothing is missing; prints its id."""
    wish = CompanyCreate(
        name=name,
        sector=sector,
        time_zone=time_zone,
        mail_domains=mail_domain or [],
        imprint=imprint,
        privacy_notice=privacy_notice,
    )
    with writing() as session:
        company = companies.create(session, SYSTEM, wish)
        lacking = companies.missing(session, company) if _has_to_be_complete() else []
        if not invite_only and not lacking:
            companies.activate(session, SYSTEM, company.id)
    typer.echo(company.id)
    if lacking and not invite_only:
        tell(
            mark("{name} is invited. Before it can be activated, fill in: {missing}"),
            lang,
            name=company.name,
            missing=", ".join(lacking),
        )


@app.command("list")
def list_companies(lang: Lang = "en") -> None:
    """All companies."""
    table = listing("id", "name", "sector", "status")
    with reading() as session:
        for company in companies.page(session, SYSTEM, after=None, limit=_MOST):
            table.add_row(company.id, escape(company.name), company.sector, company.status.value)
    out.print(table)


@app.command()
def show(company: NameOrId, lang: Lang = "en") -> None:
    """One company, and what it still has to fill in."""
    with reading() as session:
        [shown] = companies.shown(session, SYSTEM, [company_named(session, company)])
    table = Table(show_header=False)
    for field, value in shown.model_dump(mode="json").items():
        told = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        table.add_row(field, escape(told))
    out.print(table)


@app.command()
def activate(company: NameOrId, lang: Lang = "en") -> None:
    """Let an invited company take part, or keep one that is leaving."""
    with writing() as session:
        found = company_named(session, company)
        companies.activate(session, SYSTEM, found.id, complete=_has_to_be_complete())
    tell(mark("{name} takes part."), lang, name=found.name)


@app.command()
def leave(
    company: NameOrId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    lang: Lang = "en",
) -> None:
    """Let a company go: it takes part no more, and its data is erased after 30 days."""
    if not yes:
        with reading() as session:
            found = company_named(session, company)
        question = mark(
            "Let {name} go? Its communities take part no more, and all of its data is erased on {day}. Until then "
            "`tandem company activate` takes it back."
        )
        day = (now() + companies.ERASED_AFTER).date()
        typer.confirm(translate(question, lang, name=found.name, day=day), abort=True, err=True)
    with writing() as session:
        left = companies.leave(session, SYSTEM, company_named(session, company).id)
    tell(mark("{name} is leaving; its data is erased on {day}."), lang, name=left.name, day=left.erase_on)


@app.command()
def update(
    company: NameOrId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    sector: Annotated[str | None, typer.Option(help=_SECTOR)] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA name.")] = None,
    mail_domain: Domains = None,
    imprint: Imprint = None,
    privacy_notice: Notice = None,
    lang: Lang = "en",
) -> None:
    """Fill in or change a company; what is left out stays as it is. Mail domains named here replace all others."""
    wished = {
        "name": name,
        "sector": sector,
        "time_zone": time_zone,
        "mail_domains": mail_domain,
        "imprint": imprint,
        "privacy_notice": privacy_notice,
    }
    change = CompanyUpdate.model_validate({field: value for field, value in wished.items() if value is not None})
    with writing() as session:
        found = company_named(session, company)
        companies.update(session, SYSTEM, found.id, change, if_match="*")
        lacking = companies.missing(session, found)
    tell(mark("{name} is changed."), lang, name=found.name)
    if lacking:
        tell(mark("Still to be filled in: {missing}"), lang, missing=", ".join(lacking))


@app.command()
def proximity(
    company: NameOrId,
    other: Annotated[str | None, typer.Argument(help="Name or id of another company; left out: all.")] = None,
    decision: Annotated[
        Proximity | None, typer.Argument(help="What COMPANY decides about the other; left out: only tell.")
    ] = None,
    lang: Lang = "en",
) -> None:
    """How close other companies are to one. The stricter of what the two decide holds."""
    if other is None or decision is None:
        with reading() as session:
            _tell_proximity(_standings(session, company_named(session, company), other), lang)
        return
    with writing() as session:
        own, partner = company_named(session, company), company_named(session, other)
        decided = closeness.decide(session, SYSTEM, own.id, partner.id, decision, if_match="*")
        _tell_proximity([decided], lang)


def _standings(session: Session, own: Company, other: str | None) -> list[Standing]:
    if other is not None:
        return [closeness.get(session, SYSTEM, own.id, company_named(session, other).id)]
    return closeness.page(session, SYSTEM, own.id, after=None, limit=_MOST)


def _tell_proximity(standings: list[Standing], lang: Language) -> None:
    table = Table("name", "sector", "proximity", "decided", "default")
    for one in closeness.shown(standings):
        table.add_row(
            escape(one.name),
            one.sector,
            one.proximity.value,
            one.decided.value if one.decided else "",
            one.default.value,
        )
    out.print(table)


def _has_to_be_complete() -> bool:
    return get_settings().environment != "development"
