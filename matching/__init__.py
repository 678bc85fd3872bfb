"""The matching engine: community profiles in, inspiration tandems with reasons out. Plain data, no service.

The matcher is loaded when it is first asked for: it brings scikit-learn, which whoever only reads profiles or tells
reasons does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matching.exceptions import InvalidParameter, InvalidPin, InvalidProfile, MatchingError, UnreadableProfiles
from matching.explain import Reason, TermPair, Unmatched
from matching.profiles import Profile

if TYPE_CHECKING:
    from matching.matcher import Alternate, Tandem, TandemMatcher
    from matching.prepared import PairingOutline, PreparedPairing
    from matching.settings import PairingSettings

__all__ = [
    "Alternate",
    "InvalidParameter",
    "InvalidPin",
    "InvalidProfile",
    "MatchingError",
    "PairingOutline",
    "PairingSettings",
    "PreparedPairing",
    "Profile",
    "Reason",
    "Tandem",
    "TandemMatcher",
    "TermPair",
    "Unmatched",
    "UnreadableProfiles",
]


_LOADED_LATE = {
    "Alternate": "matcher",
    "Tandem": "matcher",
    "TandemMatcher": "matcher",
    "PairingOutline": "prepared",
    "PreparedPairing": "prepared",
    "PairingSettings": "settings",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATE:
        raise AttributeError(f"module 'matching' has no attribute {name!r}")
    return getattr(import_module(f"matching.{_LOADED_LATE[name]}"), name)
