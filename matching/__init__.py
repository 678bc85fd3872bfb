"""The matching engine: profiles of communities in, inspiration tandems with reasons out; people of a meetup in,
groups out. Plain data, no service.

The matcher and the planner are loaded when they are first asked for: they bring scikit-learn and SciPy, which whoever
only reads profiles or tells reasons does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matching.attendees import Attendee
from matching.exceptions import (
    InvalidAttendee,
    InvalidParameter,
    InvalidPin,
    InvalidProfile,
    MatchingError,
    SeatingImpossible,
    UnreadableProfiles,
)
from matching.explain import Reason, TermPair, Unmatched
from matching.profiles import Profile

if TYPE_CHECKING:
    from matching.common_ground import SharedTerm
    from matching.matcher import Alternate, Tandem, TandemMatcher
    from matching.prepared import PairingOutline, PreparedPairing
    from matching.seating import Group, SeatingFigures, SeatingPlanner, SeatingProblem
    from matching.settings import PairingSettings

__all__ = [
    "Alternate",
    "Attendee",
    "Group",
    "InvalidAttendee",
    "InvalidParameter",
    "InvalidPin",
    "InvalidProfile",
    "MatchingError",
    "PairingOutline",
    "PairingSettings",
    "PreparedPairing",
    "Profile",
    "Reason",
    "SeatingFigures",
    "SeatingImpossible",
    "SeatingPlanner",
    "SeatingProblem",
    "SharedTerm",
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
    "SharedTerm": "common_ground",
    "Group": "seating",
    "SeatingFigures": "seating",
    "SeatingPlanner": "seating",
    "SeatingProblem": "seating",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATE:
        raise AttributeError(f"module 'matching' has no attribute {name!r}")
    return getattr(import_module(f"matching.{_LOADED_LATE[name]}"), name)
