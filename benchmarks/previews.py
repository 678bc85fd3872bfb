"""Ten settings on one reading of the texts against one setting, in the same run.

python -m benchmarks.previews [COUNT]      (default 15000)
"""

import sys
from collections.abc import Sequence

from benchmarks.measuring import in_own_process, input_profiles, tell
from matching import PairingOutline, PairingSettings, Profile, TandemMatcher

JOBS = 2
# Half of the past pairs of a settings' mix met lately, half long ago.
TEN = [
    PairingSettings(),
    PairingSettings(min_similarity=0.05),
    PairingSettings(min_similarity=0.2),
    PairingSettings(min_similarity=0.3, cost=0.1),
    PairingSettings(cost=0.25),
    PairingSettings(objective="coverage"),
    PairingSettings(objective="coverage", min_similarity=0.2),
    PairingSettings(objective="coverage", min_similarity=0.3),
    PairingSettings(max_per_company_pair=30),
    PairingSettings(repeat_after=2),
]


def past(profiles: Sequence[Profile]) -> list[tuple[str, str, int]]:
    """What the same profiles were paired to before, in turn one and four rounds ago."""
    tandems = TandemMatcher(n_jobs=JOBS).fit(profiles).tandems_[:600]
    return [(one.a, one.b, 1 if number % 2 else 4) for number, one in enumerate(tandems)]


def outlines(
    profiles: Sequence[Profile], met: Sequence[tuple[str, str, int]], settings: Sequence[PairingSettings]
) -> list[PairingOutline]:
    prepared = TandemMatcher(n_jobs=JOBS).prepare(profiles, past_pairs=met)
    return prepared.outlines(settings, n_jobs=JOBS)


def measure(count: int) -> None:
    name, profiles = input_profiles(count)
    met = in_own_process(lambda: past(profiles)).answer
    one = in_own_process(lambda: outlines(profiles, met, TEN[:1]))
    ten = in_own_process(lambda: outlines(profiles, met, TEN))
    tell(
        benchmark="previews",
        input=name,
        communities=len(profiles),
        one_seconds=round(one.seconds, 2),
        ten_seconds=round(ten.seconds, 2),
        times=round(ten.seconds / one.seconds, 2),
        peak_mib=ten.peak_mib,
        pairs=[len(outline.pairs) for outline in ten.answer],
        alone=[len(outline.unmatched) for outline in ten.answer],
        same=one.answer[0] == ten.answer[0],
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15_000)
