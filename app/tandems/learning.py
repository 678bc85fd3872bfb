"""What declines say becomes the community's own preferences: applied at once, told with the cause, free to change.

| a side says | and then |
|---|---|
| `no_time`, the second time within a year | it is not asked for three months |
| `same_sector_not_wished` | its own sector is among those that it excludes |
| `other_sector_wished`, the second time within a year about the same sector | that sector is, too |
| `theme_does_not_fit` | the two are not suggested to each other again (`history`) |

`partner_too_similar`, `language` and `other` change nothing: what would follow from them is not clear enough.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from app.communities import preferences
from app.companies.models import Company
from app.core.clock import now
from app.tandems import queries
from app.tandems.models import DeclineReason, SuggestionSide

WITHIN = timedelta(days=365)
ENOUGH = 2
LEFT_ALONE_FOR = timedelta(days=90)


def learn(session: Session, mine: SuggestionSide, why: Sequence[DeclineReason]) -> None:
    """Draw what follows from a decline, and those of the last year, for the side's own community."""
    session.flush()
    # Of two declines of the same moment the second one knows of the first.
    queries.hold(session, [mine.community_id])
    said = queries.declined_because(session, mine.community_id, now() - WITHIN)

    def times(code: DeclineReason, sector: str | None = None) -> int:
        return sum(code in codes and sector in (None, theirs) for codes, theirs in said)

    if DeclineReason.NO_TIME in why and times(DeclineReason.NO_TIME) >= ENOUGH:
        day = (now() + LEFT_ALONE_FOR).date()
        preferences.wait_until(session, mine.community_id, day, DeclineReason.NO_TIME.value)
    if DeclineReason.SAME_SECTOR_NOT_WISHED in why:
        own = session.get_one(Company, mine.company_id).sector
        preferences.exclude_sector(session, mine.community_id, own, DeclineReason.SAME_SECTOR_NOT_WISHED.value)
    if DeclineReason.OTHER_SECTOR_WISHED in why:
        for sector in sorted({theirs for _, theirs in said}):
            if times(DeclineReason.OTHER_SECTOR_WISHED, sector) >= ENOUGH:
                preferences.exclude_sector(
                    session, mine.community_id, sector, DeclineReason.OTHER_SECTOR_WISHED.value
                )
