"""Communities that fit each other, for tests of rounds."""

import pytest

from tests.world import World

PYTHON = {"name": "Python circle", "purpose": "We learn Python together.", "languages": ["en"]}
RUNNING = {"name": "Running group", "purpose": "We run in the park at noon.", "languages": ["en"]}
LONELY = {"name": "Beekeeping", "purpose": "Honey.", "languages": ["en"]}


@pytest.fixture
def three_companies(world: World) -> dict[str, str]:
    """Ids of the communities by company and theme."""
    first, second, third = world.company("First"), world.company("Second"), world.company("Third")
    a = world.published(first, PYTHON, RUNNING)
    b = world.published(second, PYTHON | {"name": "Python guild"}, RUNNING | {"name": "Runners at noon"})
    c = world.published(third, LONELY)
    return {"a_python": a[0], "a_running": a[1], "b_python": b[0], "b_running": b[1], "lonely": c[0]}
