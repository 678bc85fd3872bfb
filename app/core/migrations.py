"""The database's version: bring it up to date, or tell that it is not."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"


def upgrade(url: str) -> None:
    """Bring the database at this address to the newest version; does nothing when it is there."""
    command.upgrade(_config(url), "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has the version that this code was written for."""
    with engine.execution_options(readonly=True).connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


@cache
def _heads() -> set[str]:
    return set(ScriptDirectory(str(_SCRIPTS)).get_heads())


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    return config
