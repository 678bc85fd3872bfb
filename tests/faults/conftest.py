"""A few hundred communities and a round that nobody disturbed, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.access.service import SYSTEM
from app.core.database import Database
from app.core.settings import Settings
from app.rounds import service as rounds
from app.rounds.schemas import RoundCreate
from app.worker import Worker
from benchmarks import generator
from benchmarks.round import seed

COMMUNITIES = 300


@dataclass(frozen=True)
class Seeded:
    path: Path
    undisturbed: str
    """Id of a round that is proposed."""


@pytest.fixture(scope="session")
def seeded(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    path = tmp_path_factory.mktemp("seeded") / "tandem.db"
    shutil.copy(migrated_sqlite, path)
    settings = Settings(database_url=f"sqlite:///{path}")
    database = Database(settings.database_url)
    seed(database, generator.profiles(COMMUNITIES, companies=10))
    with database.session() as session:
        draft = rounds.create(session, SYSTEM, RoundCreate(title="Undisturbed"))
        rounds.start(session, SYSTEM, draft.id)
    Worker(database, settings).run_until_idle()
    database.dispose()
    return Seeded(path, draft.id)


@pytest.fixture
def store(seeded: Seeded, tmp_path: Path) -> Iterator[Database]:
    """A copy of it for one test."""
    copy = tmp_path / "seeded.db"
    shutil.copy(seeded.path, copy)
    database = Database(f"sqlite:///{copy}")
    yield database
    database.dispose()


@pytest.fixture
def undisturbed(seeded: Seeded) -> str:
    return seeded.undisturbed


@pytest.fixture
def another(store: Database) -> Worker:
    """A worker that finds what a killed one has left."""
    return Worker(store, Settings(database_url=store.url, lease_seconds=2, poll_seconds=0.05, log_level="error"))
