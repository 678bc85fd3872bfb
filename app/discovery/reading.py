"""From a community to its entry: keys of all texts for similarity, words that everybody sees for searching."""

import numpy as np

from app.communities.cards import themes_of
from app.communities.models import Community, formats_in_words
from app.discovery.facets import facets_of
from app.discovery.meanings import Reader
from app.discovery.models import Found, Read
from matching.profiles import Profile
from matching.text import TextAnalyzer

# Little-endian wherever they are written and read.
KEY, COUNT = np.dtype("<u8"), np.dtype("<u2")


def profile_of(community: Community | Read) -> Profile:
    """What the engine reads of a community: the same texts as in a round."""
    return Profile(
        id=community.id,
        company=community.company_id,
        name=community.name,
        purpose=community.purpose or "",
        description="\n".join(part for part in (community.teaser, community.description) if part),
        tags=(*community.topics, *community.tags),
        offers=tuple(community.offers),
        seeks=tuple(community.seeks),
        target_group=community.target_group or "",
        formats=formats_in_words(community.formats_practised, community.formats_wanted),
        stage=community.stage.value if community.stage else "",
        languages=tuple(community.languages),
    )


def entry_of(community: Read, reader: Reader) -> dict[str, object]:
    """The row of a community that may be found."""
    terms = reader.counted(profile_of(community), community.company_name)
    return {
        "community_id": community.id,
        "company_id": community.company_id,
        "version": community.version,
        "company_name": community.company_name,
        "reading": reader.dictionary.reading,
        "hidden": False,
        "term_keys": terms.keys.astype(KEY).tobytes(),
        "term_counts": terms.counts.astype(COUNT).tobytes(),
        "words": " ".join(seen_words(community, community.description or "", reader.analyzer)),
        "facets": " ".join(sorted(facets_of(community))),
    }


def hidden_entry_of(community_id: str) -> dict[str, object]:
    """The row of a community that may not be found any more: nothing of it stays."""
    return {
        "community_id": community_id,
        "company_id": "",
        "version": 0,
        "company_name": "",
        "reading": "",
        "hidden": True,
        "term_keys": b"",
        "term_counts": b"",
        "words": "",
        "facets": "",
    }


def seen_words(community: Found, description: str, analyzer: TextAnalyzer) -> list[str]:
    """The words that a search may find a community by: of its themes; of name, purpose and description only where it
    is listed openly."""
    openly = community.listed_openly
    seen = Profile(
        id=community.id,
        company=community.company_id,
        name=community.name if openly else "",
        purpose=(community.purpose or "") if openly else "",
        description=description if openly else "",
        tags=tuple(themes_of(community)),
        languages=tuple(community.languages),
    )
    return words_of(seen, analyzer)


def words_of(profile: Profile, analyzer: TextAnalyzer) -> list[str]:
    """The distinct words of a profile that carry a theme, folded, in the order of its texts."""
    passages = analyzer.analyze(profile).passages
    return list(dict.fromkeys(word.surface.casefold() for passage in passages for word in passage))
