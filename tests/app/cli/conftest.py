"""What tests of the command line share: the command line itself, on the test's own database."""

from collections.abc import Iterator
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from app.cli import app, terminal
from app.core.settings import get_settings
from tests.world import World


class Tandem(Protocol):
    def __call__(self, *arguments: object, stdin: bytes | str | None = None) -> Result: ...


@pytest.fixture
def tandem(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[Tandem]:
    """`tandem ...` in this process; an exception that reaches the terminal fails the test."""
    monkeypatch.setenv("TANDEM_DATABASE_URL", world.settings.database_url)
    monkeypatch.setenv("TANDEM_LOG_LEVEL", "error")
    # The console asks the environment only once, when it is made.
    monkeypatch.setattr(terminal.out, "width", 200)
    get_settings.cache_clear()

    def run(*arguments: object, stdin: bytes | str | None = None) -> Result:
        done = CliRunner().invoke(app, [str(one) for one in arguments], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    yield run
    get_settings.cache_clear()
