"""The matching engine: community profiles in, inspiration tandems with reasons out. Plain data, no service."""

from matching.exceptions import InvalidParameter, InvalidProfile, MatchingError, UnreadableProfiles
from matching.explain import Reason, TermPair, Unmatched
from matching.matcher import Alternate, Tandem, TandemMatcher
from matching.profiles import Profile

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
