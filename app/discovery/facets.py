"""What a community can be filtered by, and whom it keeps away from, as words of the index."""

from app.discovery.models import Facet, Found
from matching.profiles import primary_language


def facets_of(community: Found) -> set[str]:
    """What the community can be filtered by, and whom it excludes."""
    formats = {*community.formats_practised, *community.formats_wanted}
    facets = {Facet.LANGUAGE.of(primary_language(tag)) for tag in community.languages}
    facets |= {Facet.FORMAT.of(str(one)) for one in formats}
    facets |= {Facet.EXCLUDED_COMPANY.of(one) for one in community.excluded_companies}
    facets |= {Facet.EXCLUDED_SECTOR.of(one) for one in community.excluded_sectors}
    if community.stage is not None:
        facets.add(Facet.STAGE.of(community.stage))
    if community.size_band is not None:
        facets.add(Facet.SIZE_BAND.of(community.size_band))
    return facets
