"""`tandem search` and `tandem related`: the masked cards that the API shows to a company."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import TypeAdapter
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from app.access.service import SYSTEM
from app.cli.following import worker_is_there
from app.cli.terminal import AsJson, Lang, Refused, company_named, headings, opened, out, print_json, sees_as, tell
from app.communities import service as communities
from app.communities.models import Format, SizeBand, Stage
from app.communities.schemas import CardOut
from app.core.i18n import Language, mark, translate
from app.core.pagination import PageRequest
from app.core.schemas import LanguageTag
from app.core.settings import get_settings
from app.discovery import service as discovery
from app.discovery.index import DiscoveryIndex, State

_MOST_CHARACTERS = 300

Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]


def search(
    words: Annotated[list[str], typer.Argument(help="Words on the cards, in German or English.")],
    company: Annotated[str, typer.Option(help="Name or id of the company that looks.")],
    language: Annotated[str | None, typer.Option(help="A language that the community speaks: de, en.")] = None,
    sector: Annotated[str | None, typer.Option(help="Sector of its company.")] = None,
    stage: Annotated[Stage | None, typer.Option(help="Its stage of life.")] = None,
    practises: Annotated[Format | None, typer.Option("--format", help="A format it practises or wants.")] = None,
    size_band: Annotated[SizeBand | None, typer.Option(help="How many take part.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """Communities of other companies by words, as the masked cards that the company sees."""
    query = " ".join(words).strip()
    if not 0 < len(query) <= _MOST_CHARACTERS:
        raise Refused(mark("Search for 1 to {most} characters."), most=_MOST_CHARACTERS)
    if language is not None:
        language = TypeAdapter(LanguageTag).validate_python(language)
    wish = discovery.Wish(query, language, sector, stage, practises, size_band)
    with _looking() as (session, state, pepper):
        caller = sees_as(company_named(session, company).id)
        cards, corrected, more = discovery.search(
            session, caller, state, pepper, wish, PageRequest(limit, None), company=None
        )
    if as_json:
        found = [card.model_dump(mode="json") for card in cards]
        print_json({"items": found, "corrected": [one.model_dump(by_alias=True) for one in corrected]})
        return
    for one in corrected:
        tell(mark("Searched for {meant} instead of {written}."), lang, meant=one.to, written=one.from_)
    table = Table(translate(mark("community"), lang), *_headings(lang), show_lines=True)
    for card in cards:
        table.add_row(_name(card), *_cells(card))
    _show(table, more, lang)


def related(
    community_id: Annotated[str, typer.Argument(help="Id of a community; a draft will do.")],
    limit: Limit = 20,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """Communities of other companies that resemble one, most similar first, as its company sees them."""
    with _looking() as (session, state, pepper):
        own = communities.get(session, SYSTEM, community_id)
        found, more = discovery.related(
            session, sees_as(own.company_id), state, pepper, community_id, PageRequest(limit, None)
        )
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in found]})
        return
    columns = headings(lang, mark("similarity"), mark("themes in common"), mark("community"))
    table = Table(*columns, *_headings(lang), show_lines=True)
    for one in found:
        themes = escape(", ".join(one.themes_shared))
        table.add_row(f"{one.similarity:.2f}", themes, _name(one.card), *_cells(one.card))
    _show(table, more, lang)


@contextmanager
def _looking() -> Iterator[tuple[Session, State, str]]:
    """A session, an index of this process, and the pepper of handles."""
    settings = get_settings()
    with opened() as database:
        if not worker_is_there(database, settings):
            discovery.bring_up_to_date(database)
        index = DiscoveryIndex(database)
        with database.reader() as session:
            index.refresh(session)
        try:
            with database.reader() as session:
                yield session, index.current(), settings.key_pepper.get_secret_value()
        finally:
            index.stop()


def _show(table: Table, more: str | None, language: Language) -> None:
    if table.row_count:
        out.print(table)
    else:
        tell(mark("Nothing was found."), language)
    if more is not None:
        tell(mark("There are more; --limit shows up to 200."), language)


def _headings(language: Language) -> list[str]:
    columns = (mark("themes"), mark("languages"), mark("size"), mark("sector"), mark("stage"), mark("formats"))
    return headings(language, *columns)


def _name(card: CardOut) -> str:
    """Name and company of a community that is listed openly, else the handle."""
    return f"{escape(card.name)}\n{escape(card.company or '')}" if card.name else card.handle


def _cells(card: CardOut) -> list[str]:
    formats = dict.fromkeys([*card.formats_practised, *card.formats_wanted])
    return [
        escape(", ".join(card.themes)),
        ", ".join(card.languages),
        card.size_band.value if card.size_band else "",
        card.sector,
        card.stage.value if card.stage else "",
        ", ".join(one.value for one in formats),
    ]
