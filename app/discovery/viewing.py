"""Who looks, and what of others this viewer may find: asked of the index beforehand, and of the database again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
import numpy.typing as npt
from sqlmodel import Session

from app.communities.cards import CompanyWords, company_words
from app.communities.handles import Handles
from app.companies import proximity
from app.companies.models import Company, CompanyStatus
from app.core.pagination import PageRequest
from app.discovery import queries
from app.discovery.facets import facets_of
from app.discovery.index import Mask, State
from app.discovery.models import Facet, Found

# Rows asked for beyond a page at first, for those that the database refuses.
_SPARE = 8
# Rows that are put in order at once.
_TOGETHER = 128

Levels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Viewer:
    """A company that looks, the companies whose communities it may find, and its handles."""

    company: Company
    companies: frozenset[str]
    names: Sequence[CompanyWords]
    handles: Handles

    @classmethod
    def of(
        cls,
        session: Session,
        company: Company,
        handles: Handles,
        *,
        avoided_sectors: Collection[str] = (),
        sector: str | None = None,
    ) -> "Viewer":
        """Avoided sectors are not found either; `sector` is the only one asked for.

        Companies that the viewer itself has excluded are found all the same, masked like all others: which cards go
        when a company is excluded would tell whose they are.
        """
        everybody = queries.companies(session)
        excluded = proximity.excluded_by_others(session, company.id)
        allowed = frozenset(
            one.id
            for one in everybody
            if one.status is CompanyStatus.ACTIVE
            and one.id != company.id
            and one.id not in excluded
            and one.sector not in avoided_sectors
            and sector in (None, one.sector)
        )
        return cls(company, allowed, [company_words(one.name) for one in everybody], handles)

    def may_find(self, state: State, facets: Collection[str] = ()) -> Mask:
        """Rows that the viewer may find and that have all of these facets."""
        allowed = state.of_companies(self.companies)
        for unwanted in self._unwanted():
            allowed &= ~state.with_facet(unwanted)
        for facet in facets:
            allowed &= state.with_facet(facet)
        return allowed

    def still_finds(self, community: Found, facets: Collection[str] = ()) -> bool:
        """The same of a row as it is now."""
        present = facets_of(community)
        return (
            community.company_id in self.companies
            and present.isdisjoint(self._unwanted())
            and present.issuperset(facets)
        )

    def in_order(self, state: State, levels: Levels, after: tuple[int, str] | None) -> Iterator[int]:
        """Rows above level 0, the highest first, equal ones in the order of their handles; those after a place."""
        place = None if after is None else (after[0], np.uint64(self.handles.place(after[1])))
        top = len(levels) and int(levels.max()) if place is None else place[0]
        each = np.bincount(levels, minlength=top + 1)
        while top > 0:
            # Several levels at once: the highest ones have a row or two.
            bottom, rows_together = top, int(each[top])
            while bottom > 1 and rows_together < _TOGETHER:
                bottom -= 1
                rows_together += int(each[bottom])
            rows = np.flatnonzero((levels >= bottom) & (levels <= top))
            places = self.handles.places(state.blocks[rows])
            if place is not None:
                later = (levels[rows] < place[0]) | (places > place[1])
                rows, places = rows[later], places[later]
            yield from rows[np.lexsort((places, -levels[rows]))].tolist()
            top = bottom - 1

    def _unwanted(self) -> tuple[str, str]:
        return (
            Facet.EXCLUDED_COMPANY.of(self.company.id),
            Facet.EXCLUDED_SECTOR.of(self.company.sector),
        )


def present_rows(
    session: Session,
    viewer: Viewer,
    state: State,
    candidates: Iterator[int],
    request: PageRequest,
    today: date,
    facets: Collection[str] = (),
    accepts: Callable[[int, Found], bool] = lambda row, community: True,
) -> Iterator[tuple[int, Found]]:
    """The candidates that the viewer may find at this moment, one more than a page has.

    The index may be some seconds old; who paused, left or excluded the viewer meanwhile is passed over here. Usually
    that is one query; further ones only where many of the first are gone.
    """
    missing, size = request.limit + 1, request.limit + 1 + _SPARE
    while missing > 0:
        rows = list(islice(candidates, size))
        if not rows:
            return
        found = queries.found(session, [state.ids[row] for row in rows], today)
        for row in rows:
            community = found.get(state.ids[row])
            if community is None or missing == 0 or not viewer.still_finds(community, facets):
                continue
            if accepts(row, community):
                missing -= 1
                yield row, community
        size = min(size * 4, 1000)
