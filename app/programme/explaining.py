"""Reasons for pairs that a round did not propose, from the texts that it froze: as if it had."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from app.core.database import Database
from app.programme.alternates import Explained, Ids
from app.rounds.models import RoundSnapshot
from app.rounds.snapshot import thaw
from matching.profiles import in_canonical_order

if TYPE_CHECKING:
    from matching.explain import PairExplainer

# Of a pair whose texts were erased from the snapshot.
_UNTOLD = Explained([], 1.0)


class Reasons:
    """Reasons of pairs of one round; its texts are read once, and only when there is a pair to explain."""

    def __init__(self, database: Database, round_id: str, on_progress: Callable[[float], None]) -> None:
        self._database = database
        self._round_id = round_id
        self._on_progress = on_progress
        self._explainer: PairExplainer | None = None
        self._position: Mapping[str, int] = {}

    def of(self, pairs: Iterable[Ids]) -> dict[Ids, Explained]:
        """Why each of these pairs fits."""
        return {pair: self._of(*pair) for pair in pairs}

    def _of(self, a_id: str, b_id: str) -> Explained:
        explainer = self._explainer or self._read()
        if a_id not in self._position or b_id not in self._position:
            return _UNTOLD
        reasons, other = explainer.reasons(self._position[a_id], self._position[b_id])
        return Explained([reason.as_record() for reason in reasons], round(other, 4))

    def _read(self) -> "PairExplainer":
        # Imported where it is needed: the API lists this module but never computes.
        from matching.eligibility import Eligibility
        from matching.explain import PairExplainer
        from matching.relatedness import relate

        with self._database.reader() as session:
            snapshot = session.get(RoundSnapshot, self._round_id)
        profiles = in_canonical_order(thaw(snapshot.content).profiles) if snapshot else []
        related = relate(profiles, Eligibility(profiles).company, on_progress=self._tell)
        self._position = {profile.id: number for number, profile in enumerate(profiles)}
        self._explainer = PairExplainer(profiles, related.vectors)
        return self._explainer

    def _tell(self, stage: str, share: float) -> None:
        stages = ("vectors", "neighbours")
        self._on_progress((stages.index(stage) + share) / len(stages))
