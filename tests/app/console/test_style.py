"""The colours of pages can be told apart by everybody: WCAG 2.2, in light and in dark."""

import re

import pytest

from app.console.pages import STYLE

TEXT, EDGE = 4.5, 3.0
# What stands on what, and the contrast that it needs; quiet text and text on coloured ground are text like any other.
PAIRS = [
    ("ink", "paper", TEXT),
    ("ink", "card", TEXT),
    ("ink", "warm", TEXT),
    ("ink", "good", TEXT),
    ("quiet", "paper", TEXT),
    ("quiet", "card", TEXT),
    ("accent", "paper", TEXT),
    ("accent", "card", TEXT),
    ("accent-over", "card", TEXT),
    ("accent-ink", "accent", TEXT),
    ("accent-ink", "accent-over", TEXT),
    ("edge", "card", EDGE),
    ("warm-line", "paper", EDGE),
    ("good-line", "paper", EDGE),
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_edges_stand_out_from_their_ground(scheme: str) -> None:
    light, dark = re.findall(r":root \{([^}]*--paper[^}]*)\}", STYLE.decode())
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", light if scheme == "light" else dark))

    def contrast(one: str, other: str) -> float:
        darker, lighter = sorted(luminance(colours[name]) for name in (one, other))
        return (lighter + 0.05) / (darker + 0.05)

    assert {pair[:2]: contrast(*pair[:2]) for pair in PAIRS if contrast(*pair[:2]) < pair[2]} == {}


def test_nothing_is_asked_of_another_host() -> None:
    assert re.findall(r"url\(|@import|https?:", STYLE.decode()) == []
