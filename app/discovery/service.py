"""Discovery: related communities of other companies, and search among them. Always masked, never stale.

The worker keeps entries (`bring_up_to_date`), each API process an index of them; what an answer shows is read from
the database at that moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller
from app.communities import service as communities
from app.communities.cards import card_of, seen_texts
from app.communities.handles import Handles, HandleUnknown
from app.communities.models import Community, Format, SizeBand, Stage
from app.communities.schemas import CardOut
from app.companies import service as companies
from app.companies.models import Company
from app.core.clock import now
from app.core.database import Database
from app.core.errors import InvalidCursor
from app.core.pagination import PageRequest, cut
from app.discovery import queries
from app.discovery.index import State
from app.discovery.meanings import Reader, dictionary_in_use
from app.discovery.models import Facet, Found
from app.discovery.pairs import told_to_both
from app.discovery.reading import entry_of, hidden_entry_of, seen_words, words_of
from app.discovery.schemas import CorrectionOut, RelatedOut
from app.discovery.search import Hits
from app.discovery.search import search as search_words
from app.discovery.sharing import HIGHEST, Beside
from app.discovery.viewing import Viewer, present_rows
from matching.profiles import Profile, primary_language
from matching.text import TextAnalyzer

PURPOSE = "discovery"
"""Of the handles made here; suggestions have handles of a purpose of their own."""
BATCH = 1000

_FINDS = (Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is searched for: words, and filters that all have to fit."""

    words: str | None = None
    language: str | None = None
    sector: str | None = None
    stage: Stage | None = None
    format: Format | None = None
    size_band: SizeBand | None = None

    @property
    def facets(self) -> set[str]:
        wanted = {
            Facet.LANGUAGE: primary_language(self.language) if self.language else None,
            Facet.STAGE: self.stage,
            Facet.FORMAT: self.format,
            Facet.SIZE_BAND: self.size_band,
        }
        return {facet.of(value) for facet, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Fit:
    """How well two communities fit: similarity as it is told in discovery, reasons as suggestions store them."""

    similarity: float
    reasons: list[dict[str, object]]
    other: float


def related(
    session: Session, caller: Caller, state: State, pepper: str, community_id: str, request: PageRequest
) -> tuple[list[RelatedOut], str | None]:
    """The communities of other companies most similar to one of the caller's, and the next cursor.

    Similarity is of the community's text as it is now, also of a draft, as though it took part; words of another
    language count by what they mean. Words that would give away a masked text do not count (`telling`).
    """
    caller.require(*_FINDS)
    own = communities.get(session, caller, community_id)
    company = companies.get_active(session, caller, own.company_id)
    handles = Handles(pepper, PURPOSE, company.id)
    viewer = Viewer.of(session, company, handles, avoided_sectors=own.excluded_sectors)
    after = _place(request, handles)
    beside = Beside(viewer, state, own)
    levels = np.where(viewer.may_find(state), beside.levels, 0)
    rows = present_rows(session, viewer, state, viewer.in_order(state, levels, after), request, now().date())
    page, cursor = cut(list(rows), request, lambda one: (int(levels[one[0]]), handles.of(one[1].id)))
    items = [
        RelatedOut(
            similarity=beside.similarity(row),
            themes_shared=beside.sharing.with_(row, community),
            card=card_of(community, handles.of(community.id)),
        )
        for row, community in page
    ]
    return items, cursor


def search(
    session: Session,
    caller: Caller,
    state: State,
    pepper: str,
    wish: Wish,
    request: PageRequest,
    *,
    company: str | None,
) -> tuple[list[CardOut], list[CorrectionOut], str | None]:
    """Cards of other companies that have the words on them and fit the filters, the best first; what was corrected;
    the next cursor. Without words all that fit, in the order of their handles, which tells nothing."""
    caller.require(*_FINDS)
    own = companies.get_active(session, caller, access.company_for(caller, company))
    handles = Handles(pepper, PURPOSE, own.id)
    viewer = Viewer.of(session, own, handles, sector=wish.sector)
    after = _place(request, handles)
    allowed = viewer.may_find(state, wish.facets)
    if wish.words is None:
        hits = Hits(allowed.astype(np.int64))
    else:
        hits = search_words(state, wish.words, allowed, viewer.names)
    analyzer = TextAnalyzer()
    rows = [
        (row, community)
        for row, community in present_rows(
            session,
            viewer,
            state,
            viewer.in_order(state, hits.levels, after),
            request,
            now().date(),
            wish.facets,
            accepts=lambda row, community: _still_hit(state, hits, wish, row, community, analyzer),
        )
    ]
    page, cursor = cut(rows, request, lambda one: (int(hits.levels[one[0]]), handles.of(one[1].id)))
    found = [community for _, community in page]
    cards = [card_of(community, handles.of(community.id)) for community in found]
    return cards, _told_corrections(hits, found, analyzer), cursor


def opened(pepper: str, company_id: str, handle: str) -> str:
    """The community that a company knows by this handle. Raises HandleUnknown."""
    return Handles(pepper, PURPOSE, company_id).open(handle)


def fit(session: Session, state: State, pepper: str, own: Community, partner_id: str) -> Fit | None:
    """How well a community of another company fits one that takes part, in words that both may read.

    None when it cannot find the other one now.
    """
    company = session.get_one(Company, own.company_id)
    handles = Handles(pepper, PURPOSE, company.id)
    viewer = Viewer.of(session, company, handles, avoided_sectors=own.excluded_sectors)
    both = queries.read(session, [own.id, partner_id], now().date())
    mine, partner, row = both.get(own.id), both.get(partner_id), state.row_of.get(partner_id)
    if mine is None or partner is None or row is None or not viewer.still_finds(partner):
        return None
    reasons, other = told_to_both(state, mine, partner)
    return Fit(Beside(viewer, state, mine).similarity(row), reasons, other)


def bring_up_to_date(database: Database, stopping: Callable[[], bool] = lambda: False) -> int:
    """Renew the entries that are not what they should be, in batches of their own; how many there were."""
    reader = Reader(dictionary_in_use())
    after, renewed = "", 0
    while not stopping():
        with database.reader() as session:
            today = now().date()
            outdated = queries.outdated(session, today, reader.dictionary.reading, after=after, limit=BATCH)
            texts = queries.read(session, [name for name, found in outdated if found], today) if outdated else {}
        rows = [entry_of(texts[name], reader) for name, found in outdated if found and name in texts]
        rows += [hidden_entry_of(name) for name, found in outdated if not found]
        if rows:
            with database.session() as session:
                queries.replace(session, rows)
        renewed += len(rows)
        if len(outdated) < BATCH:
            break
        after = outdated[-1][0]
    return renewed


def _place(request: PageRequest, handles: Handles) -> tuple[int, str] | None:
    """What a cursor says: a level and the handle after which to go on. Raises InvalidCursor."""
    key = request.key(int, str)
    if key is None:
        return None
    level, handle = int(key[0]), str(key[1])
    if not 1 <= level <= HIGHEST:
        raise InvalidCursor
    try:
        handles.open(handle)
    except HandleUnknown as error:
        raise InvalidCursor from error
    return level, handle


def _still_hit(state: State, hits: Hits, wish: Wish, row: int, community: Found, analyzer: TextAnalyzer) -> bool:
    """Whether what was searched for is on the card as it is now, should it have changed since it was indexed."""
    if wish.words is None or state.made_from[row] == (community.version, community.company_name):
        return True
    numbers = state.vocabulary.words.numbers
    return any(numbers.get(word) in hits.forms for word in seen_words(community, "", analyzer))


def _told_corrections(hits: Hits, page: Sequence[Found], analyzer: TextAnalyzer) -> list[CorrectionOut]:
    """Corrections whose word can be read on a card of this page; any other would tell a word that nobody shows."""
    if not hits.corrections:
        return []
    texts = tuple(text for community in page for text in seen_texts(community))
    readable = set(words_of(Profile(id="page", company="page", name="", tags=texts), analyzer))
    told = []
    for written, meant in hits.corrections.items():
        word = next((one for one in meant if one in readable), None)
        if word is not None:
            told.append(CorrectionOut(from_=written, to=word))
    return told
