"""Realistic community profiles in any number: themes, a Zipf tail of words, uneven companies and lengths.

The words are invented from syllables by a seeded generator, so that nothing real is needed; what counts for speed is
how often words occur, how many a profile has, and how profiles cluster around themes.
"""

import numpy as np
import numpy.typing as npt

from matching import Profile

_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "de",
    "di",
    "do",
    "fa",
    "fe",
    "ga",
    "go",
    "ha",
    "hi",
    "ka",
    "ke",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "no",
    "pa",
    "pe",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "wa",
    "we",
    "za",
    "ze",
]


def profiles(count: int, *, seed: int = 7, companies: int = 40, words_each: float = 28.0) -> list[Profile]:
    """`count` profiles with about 41 distinct terms each (real clubs: 37); the same arguments, the same profiles."""
    rng = np.random.default_rng(seed)
    themes = max(20, count // 25)
    vocabulary = _vocabulary(rng, 4000 + 12 * themes)
    # Common words by Zipf-Mandelbrot, flattened at the head as texts are once their function words are gone: the
    # commonest word stands in half of the profiles, the hundredth in one of twenty. Each theme has a dozen words of
    # its own, some shared with a neighbouring theme.
    common = vocabulary[:4000]
    zipf = 1.0 / (np.arange(1, len(common) + 1) + 6)
    zipf /= zipf.sum()
    sizes = 1.0 / np.arange(1, companies + 1) ** 0.8
    company_of = rng.choice(companies, size=count, p=sizes / sizes.sum())
    theme_of = rng.integers(0, themes, size=count)
    lengths = np.clip(rng.lognormal(np.log(words_each), 0.6, size=count), 6, 400).astype(int)
    made = []
    for number in range(count):
        own = vocabulary[4000 + 12 * theme_of[number] : 4000 + 12 * theme_of[number] + 18]
        themed = rng.choice(own, size=max(3, lengths[number] // 4))
        filler = rng.choice(common, size=lengths[number], p=zipf)
        words = rng.permutation(np.concatenate([themed, filler])).tolist()
        made.append(
            Profile(
                id=f"p{number:06d}",
                company=f"c{company_of[number]:03d}",
                name=" ".join(rng.choice(own, size=3).tolist()),
                purpose=" ".join(words[:15]),
                description=" ".join(words[15:]),
                tags=tuple(rng.choice(own, size=3, replace=False).tolist()),
                languages=(("de",), ("en",), ("de", "en"))[rng.integers(0, 3)],
            )
        )
    return made


def _vocabulary(rng: np.random.Generator, size: int) -> npt.NDArray[np.str_]:
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(rng.choice(_SYLLABLES, size=rng.integers(2, 5)).tolist())] = None
    return np.array(list(words))
