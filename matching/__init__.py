"""The matching engine: community profiles in, inspiration tandems with reasons out. Plain data, no service.

The matcher is loaded when it is first asked for: it brings scikit-learn, which whoever only reads profiles or tells
reasons does not need.
"""

from typing import TYPE_CHECKING, Any

from matching.exceptions import InvalidParameter, InvalidProfile, MatchingError, UnreadableProfiles
from matching.explain import Reason, TermPair, Unmatched
from matching.profiles import Profile

if TYPE_CHECKING:
    from matching.matcher import Alternate, Tandem, TandemMatcher

__all__ = [
    "Alternate",
    "InvalidParameter",
    "InvalidProfile",
    "MatchingError",
    "Profile",
    "Reason",
    "Tandem",
    "TandemMatcher",
    "TermPair",
    "Unmatched",
    "UnreadableProfiles",
]


def __getattr__(name: str) -> Any:
    if name not in ("Alternate", "Tandem", "TandemMatcher"):
        raise AttributeError(f"module 'matching' has no attribute {name!r}")
    from matching import matcher

    return getattr(matcher, name)
