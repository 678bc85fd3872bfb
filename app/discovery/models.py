"""What discovery keeps of each published community, so that no process has to read all texts again."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, col

from app.communities.models import Carded, Community


class DiscoveryEntry(SQLModel, table=True):
    """A community as it can be found: terms as numbers, words of its card. Made by the worker, read by every API
    process. One that may no longer be found keeps an empty entry, so that others hear of it."""

    __tablename__ = "discovery_entry"
    # How many there are is asked every few seconds: from the index, without the terms.
    __table_args__ = (Index("ix_discovery_entry_seq_hidden", "seq", "hidden"),)

    community_id: str = Field(primary_key=True, foreign_key="community.id", ondelete="CASCADE")
    company_id: str
    version: int
    """Of the community that the entry was made from."""
    company_name: str
    """By which its themes were masked."""
    reading: str
    """With which dictionary, and in which manner, its texts were read; see `Dictionary.reading`."""
    hidden: bool
    seq: int
    """Grows with each batch of entries that is stored; see `DiscoveryClock`."""
    term_keys: bytes
    """Of all texts: ascending 64-bit numbers, little-endian; see `Sense.key`."""
    term_counts: bytes
    """How often each occurs: 16 bits, little-endian."""
    words: str
    """Words that a search may find it by, folded and separated by spaces: those that everybody sees."""
    facets: str
    """What a search may filter by, as `name=value` separated by spaces."""


class DiscoveryClock(SQLModel, table=True):
    """One row that is raised by whoever stores entries: who waits for it gets a later number and commits later,
    so that nobody who has seen a number misses an earlier one."""

    __tablename__ = "discovery_clock"

    id: int = Field(primary_key=True)
    seq: int


# What `queries.outdated` asks of every community, beside the long texts and without reading them.
Index(
    "ix_community_discovery",
    col(Community.id),
    col(Community.company_id),
    col(Community.status),
    col(Community.version),
    col(Community.paused_until),
    col(Community.confirm_again_by),
)


class Facet(StrEnum):
    """What an entry can be filtered by. The last two say who is not to find it."""

    LANGUAGE = "language"
    STAGE = "stage"
    FORMAT = "format"
    SIZE_BAND = "size_band"
    EXCLUDED_COMPANY = "excluded_company"
    EXCLUDED_SECTOR = "excluded_sector"

    def of(self, value: str) -> str:
        return f"{self.value}={value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Carded):
    """A community that may be found now, as far as its card and the rules of who may see it go."""

    version: int
    excluded_companies: list[str]
    excluded_sectors: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Found):
    """As `Found`, with every text that similarity is computed from."""

    teaser: str | None
    description: str | None
    offers: list[str]
    seeks: list[str]
    target_group: str | None
