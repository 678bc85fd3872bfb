"""What one pairing is asked for, apart from profiles and rules: the settings that a preview puts side by side."""

from dataclasses import dataclass

from matching.exceptions import InvalidParameter
from matching.pairing import Objective


@dataclass(frozen=True, slots=True)
class PairingSettings:
    """Settings of a pairing on texts that were read before; each as the parameter of `TandemMatcher` of that name.

    Nothing is checked here; whatever pairs with them raises InvalidParameter for a value out of range.
    """

    objective: str = "quality"
    min_similarity: float = 0.10
    cost: float = 0.1
    alternates: int = 3
    repeat_after: int | None = None
    max_per_company_pair: int | None = None

    def checked(self) -> "PairingSettings":
        """These settings. Raises InvalidParameter for one that is outside its range."""
        if self.objective not in list(Objective):
            raise InvalidParameter("objective", f"{self.objective!r} is not one of {', '.join(Objective)}")
        for name, value in (("min_similarity", self.min_similarity), ("cost", self.cost)):
            if not 0.0 <= value <= 1.0:
                raise InvalidParameter(name, f"{value} is not between 0 and 1")
        at_least("alternates", self.alternates, 0)
        if self.repeat_after is not None:
            at_least("repeat_after", self.repeat_after, 0)
        if self.max_per_company_pair is not None:
            at_least("max_per_company_pair", self.max_per_company_pair, 1)
        return self


def at_least(name: str, number: int, least: int) -> None:
    """Raises InvalidParameter for a parameter below its least value."""
    if number < least:
        raise InvalidParameter(name, f"{number} is less than {least}")
